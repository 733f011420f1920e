import { describe, expect, it } from "vitest";
import { isMoreOften, meanEstimate, quantileEstimate, ratioEstimate, shareEstimate } from "./intervals.ts";

/** Xorshift, so that a run is like the one before. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const trials = 1_000;

/** How often the interval held the true value. */
function coverage(
  truth: number,
  estimate: (random: () => number) => { readonly low: number; readonly high: number } | undefined,
): number {
  const random = randoms(42);
  const held = Array.from({ length: trials }, () => estimate(random)).filter(
    (found) => found !== undefined && found.low <= truth && truth <= found.high,
  );
  return held.length / trials;
}

describe("an interval holds the true value about 95 times in 100", () => {
  const exponential = (random: () => number): number => -Math.log(1 - random());

  it.each([0.02, 0.5, 0.9])("of a share of %d", (share) => {
    const hits = (random: () => number) => Array.from({ length: 200 }, random).filter((value) => value < share).length;
    expect(coverage(share, (random) => shareEstimate(hits(random), 200))).toBeGreaterThan(0.93);
  });

  it.each([0.5, 0.9, 0.99])("of the quantile %d of skewed samples", (share) => {
    const samples = (random: () => number) =>
      Array.from({ length: 500 }, () => exponential(random)).toSorted((a, b) => a - b);
    expect(coverage(-Math.log(1 - share), (random) => quantileEstimate(samples(random), share))).toBeGreaterThan(0.93);
  });

  it("of a mean", () => {
    expect(
      coverage(1, (random) => meanEstimate(Array.from({ length: 200 }, () => exponential(random)))),
    ).toBeGreaterThan(0.92);
  });

  it("of what one thing costs, over spans of unlike length", () => {
    const span = (random: () => number) => {
      const done = 10 + Math.floor(random() * 90);
      return { done, spent: done * 0.2 * (0.5 + random()) };
    };
    expect(coverage(0.2, (random) => ratioEstimate(Array.from({ length: 60 }, () => span(random))))).toBeGreaterThan(
      0.92,
    );
  });
});

describe("an estimate", () => {
  it("of nothing is none", () => {
    expect([shareEstimate(0, 0), quantileEstimate([], 0.5), meanEstimate([]), ratioEstimate([])]).toEqual(
      Array(4).fill(undefined),
    );
  });

  it("of one sample says no more than that", () => {
    expect(meanEstimate([7])).toEqual({ value: 7, low: 7, high: 7 });
    expect(ratioEstimate([{ spent: 3, done: 2 }])).toEqual({ value: 1.5, low: 1.5, high: 1.5 });
    expect(quantileEstimate([7], 0.5)).toEqual({ value: 7, low: 7, high: 7 });
  });

  it("is more than another only where both intervals say so", () => {
    expect(isMoreOften(shareEstimate(90, 100), shareEstimate(1, 50))).toBe(true);
    expect(isMoreOften(shareEstimate(90, 100), shareEstimate(45, 50))).toBe(false);
    expect(isMoreOften(undefined, shareEstimate(1, 2))).toBe(false);
  });
});
