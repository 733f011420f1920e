import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatencySketch, relativeAccuracy } from "./latency-sketch.ts";

const latency = fc.oneof(fc.double({ min: 0.001, max: 60_000, noNaN: true }), fc.constantFrom(0.001, 0.99, 1, 1.01));
const share = fc.constantFrom(0.5, 0.9, 0.99, 1);

function exactMs(latencies: readonly number[], wanted: number): number {
  return latencies.toSorted((a, b) => a - b)[Math.ceil(wanted * latencies.length) - 1] ?? 0;
}

function expectNear(actual: number, exact: number): void {
  expect(actual).toBeGreaterThanOrEqual(exact * (1 - relativeAccuracy - 1e-9));
  expect(actual).toBeLessThanOrEqual(exact * (1 + relativeAccuracy + 1e-9));
}

describe("a sketch of latencies", () => {
  test("reads back within 1 % of the exact quantile", () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1 }), share, (latencies, wanted) => {
        const sketch = new LatencySketch();
        for (const each of latencies) sketch.add(each);
        expectNear(sketch.quantileMs(wanted), exactMs(latencies, wanted));
        expect(sketch.maxMs).toBe(Math.max(...latencies));
      }),
    );
  });

  test("that includes others reads back as one of all, and the others stay as they were", () => {
    fc.assert(
      fc.property(fc.array(fc.array(latency), { minLength: 1 }), share, (parts, wanted) => {
        const sketches = parts.map((part) => {
          const sketch = new LatencySketch();
          for (const each of part) sketch.add(each);
          return sketch;
        });
        const all = new LatencySketch();
        for (const sketch of sketches) all.include(sketch);
        expect(all.count).toBe(parts.flat().length);
        expectNear(all.quantileMs(wanted), exactMs(parts.flat(), wanted));
        expect(sketches.map(({ count }) => count)).toEqual(parts.map((part) => part.length));
      }),
    );
  });

  test("loses nothing where one that goes up to 1 ms is included in one that stays below", () => {
    const below = new LatencySketch();
    const upTo = new LatencySketch();
    for (const each of [0.05, 0.6]) below.add(each);
    for (const each of [0.2, 1]) upTo.add(each);
    below.include(upTo);
    expect(below.quantileMs(1)).toBeCloseTo(1, 1);
    expect(below.quantileMs(0.5)).toBeCloseTo(0.2, 2);
  });
});
