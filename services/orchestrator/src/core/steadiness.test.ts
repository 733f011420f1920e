import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockMessages, blockMs, isSteady, LatencyBlocks, median } from "./steadiness.ts";

describe("a latency", () => {
  it.each([
    ["too little is known", [1, 1], false],
    ["it falls", [3, 2, 1], false],
    ["it rises", [1, 1.1, 1.3], false],
    ["it fell and stays", [9, 4, 2, 2.1, 2.2], true],
    ["it is steady and then jumps", [2, 2, 2, 4], false],
    ["it is so short that a clock's grain shows", [0.02, 0.05, 0.03], true],
    ["it is just beyond the tolerance", [100, 110, 116], false],
  ])("where %s: %j is steady: %s", (_what, medians, steady) => {
    expect(isSteady(medians)).toBe(steady);
  });

  it("that is multiplied is as steady as before, beyond the grain of the clock", () => {
    const medians = fc.array(fc.double({ min: 10, max: 1_000, noNaN: true }), { minLength: 3, maxLength: 6 });
    fc.assert(
      fc.property(medians, (some) => {
        const doubled = some.map((value) => value * 2);
        expect(isSteady(doubled)).toBe(isSteady(some));
      }),
    );
  });
});

describe("blocks", () => {
  const add = (blocks: LatencyBlocks, latencies: readonly number[], everyMs: number): void =>
    latencies.forEach((latency, index) => blocks.add(latency, index * everyMs));

  it("have so many messages at least", () => {
    const blocks = new LatencyBlocks();
    add(
      blocks,
      Array.from({ length: blockMessages - 1 }, () => 1),
      blockMs,
    );
    expect(blocks.medians).toEqual([]);
    blocks.add(1, blockMs * blockMessages);
    expect(blocks.medians).toEqual([1]);
  });

  it("take so long at least, however many messages that is", () => {
    const blocks = new LatencyBlocks();
    add(
      blocks,
      Array.from({ length: 100 }, (_, index) => index),
      blockMs / 100,
    );
    expect(blocks.medians).toEqual([]);
    blocks.add(1_000, blockMs);
    expect(blocks.medians).toEqual([50]);
  });
});

it("the median of an even number of values lies between the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
});
