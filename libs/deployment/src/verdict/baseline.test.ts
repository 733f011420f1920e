import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { baselineOfShare, quantileAtMost } from "./baseline.ts";

/** The probability of at most `hits` of `samples`, exactly. */
function atMostSoMany(hits: number, samples: number, chance: number): number {
  let term = (1 - chance) ** samples;
  let sum = term;
  for (let count = 1; count <= hits; count += 1) {
    term *= ((samples - count + 1) / count) * (chance / (1 - chance));
    sum += term;
  }
  return sum;
}

describe("a baseline", () => {
  it("is at least what was observed, and a true share beyond what it is at most would be one in a thousand", () => {
    const counted = fc
      .integer({ min: 1, max: 300 })
      .chain((samples) => fc.tuple(fc.nat(samples), fc.constant(samples)));
    fc.assert(
      fc.property(counted, ([hits, samples]) => {
        const { observed, atMost } = baselineOfShare(hits, samples) ?? { observed: -1, atMost: -1 };
        expect(observed).toBe(hits / samples);
        expect(atMost).toBeGreaterThanOrEqual(observed);
        expect(atMost < 1 ? atMostSoMany(hits, samples, atMost) : 0).toBeLessThanOrEqual(0.001 + 1e-9);
      }),
    );
  });

  it("comes closer to what was observed with more samples", () => {
    const atMost = [100, 1_000, 10_000, 100_000].map((samples) => baselineOfShare(samples / 50, samples)?.atMost ?? 1);
    expect(atMost.map((share) => Number(share.toFixed(3)))).toEqual([0.119, 0.041, 0.026, 0.022]);
  });

  it("is unknown without samples", () => expect(baselineOfShare(0, 0)).toBeUndefined());

  it("of a quantile lies above it, and needs enough samples to say anything", () => {
    expect([0, 687].map((samples) => quantileAtMost(0.99, samples))).toEqual([undefined, undefined]);
    expect([688, 1_000].map((samples) => quantileAtMost(0.99, samples))).toEqual([1, 1]);
    expect(quantileAtMost(0.5, 10)).toBe(1);
    const shares = [10_000, 100_000].map((samples) => quantileAtMost(0.99, samples) ?? 0);
    expect(shares.map((share) => Number(share.toFixed(4)))).toEqual([0.9935, 0.9911]);
  });

  it("of a quantile leaves so few above it that a larger share would show fewer but one time in a thousand", () => {
    fc.assert(
      fc.property(fc.constantFrom(0.5, 0.9, 0.99), fc.integer({ min: 1, max: 3_000 }), (quantile, samples) => {
        const atMost = quantileAtMost(quantile, samples);
        const above = Math.round((1 - (atMost ?? 1)) * samples);
        fc.pre(atMost !== undefined);
        expect(atMostSoMany(above, samples, 1 - quantile)).toBeLessThanOrEqual(0.001 + 1e-9);
      }),
    );
  });
});
