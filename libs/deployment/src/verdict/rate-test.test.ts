import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateTest } from "./rate-test.ts";

const limit = fc.double({ min: 0.001, max: 0.5, noNaN: true });
const results = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
/** Times of as many samples as there may be. */
const times = fc.array(fc.constantFrom(0, 0, 1, 250, 10_000), { minLength: 60, maxLength: 60 }).map((gapsMs) => {
  let atMs = 0;
  return gapsMs.map((gapMs) => (atMs += gapMs));
});

/** After how many samples it says that the limit was passed, looking after each. */
function decidedAfter(
  alpha: number,
  share: number,
  hits: readonly boolean[],
  timesMs: readonly number[],
): number | undefined {
  const test = new RateTest(alpha, 0);
  const index = hits.findIndex((isHit, at) => {
    test.add(isHit, share, timesMs[at] ?? 0);
    return test.isAbove();
  });
  return index === -1 ? undefined : index + 1;
}

describe("the test of a rate", () => {
  it("is wrong with probability alpha at most, whoever looks after every sample and stops when he likes", () => {
    // All sequences of ten samples, each with its own probability: no simulation, the exact probability.
    const length = 10;
    const sequences = Array.from({ length: 2 ** length }, (_, bits) =>
      Array.from({ length }, (__, at) => ((bits >> at) & 1) === 1),
    );
    const steps = fc.array(fc.constantFrom(0, 1, 250, 60_000), { minLength: length, maxLength: length });
    const alphas = fc.constantFrom(0.5, 0.1, 0.02);
    fc.assert(
      fc.property(limit, fc.double({ min: 0, max: 1, noNaN: true }), alphas, steps, (share, part, alpha, gaps) => {
        let atMs = 0;
        const timesMs = gaps.map((gapMs) => (atMs += gapMs));
        const chance = share * part;
        let wrong = 0;
        for (const hits of sequences) {
          if (decidedAfter(alpha, share, hits, timesMs) === undefined) continue;
          const count = hits.filter(Boolean).length;
          wrong += chance ** count * (1 - chance) ** (length - count);
        }
        expect(wrong).toBeLessThanOrEqual(alpha + 1e-9);
      }),
      { numRuns: 30 },
    );
  });

  it("never needs more samples because one more of them was a hit", () => {
    fc.assert(
      fc.property(results, limit, times, fc.nat(), (hits, share, timesMs, which) => {
        const before = decidedAfter(0.01, share, hits, timesMs) ?? Infinity;
        const worse = hits.with(which % hits.length, true);
        expect(decidedAfter(0.01, share, worse, timesMs) ?? Infinity).toBeLessThanOrEqual(before);
      }),
    );
  });

  it("needs three hits at least, and one where none is allowed", () => {
    const allBad = Array.from({ length: 10 }, () => true);
    expect(decidedAfter(0.0025, 0.01, allBad, [])).toBe(3);
    expect(decidedAfter(0.0025, 0, allBad, [])).toBe(1);
    expect(decidedAfter(0.0025, 1, allBad, [])).toBeUndefined();
    expect(decidedAfter(0.0025, 0.01, [], [])).toBeUndefined();
  });

  it("sees a change for the worse after a long good time nearly as soon as at the beginning, and since when", () => {
    const test = new RateTest(0.0025, 0);
    // Ten minutes of 150 messages a second, one in a thousand bad.
    for (let index = 0; index < 90_000; index += 1) test.add(index % 1_000 === 999, 0.01, index * 6.667);
    expect(test.isAbove()).toBe(false);
    let needed = 0;
    while (!test.isAbove()) test.add(needed++ % 2 === 0, 0.01, 600_000 + needed * 6.667);
    expect(needed).toBeLessThan(25);
    expect(test.run.sinceMs).toBeGreaterThan(599_000);
    expect(test.run.samples).toBeLessThan(60);
  });

  it("that was above comes down again when the version recovers", () => {
    const test = new RateTest(0.0025, 0);
    for (let index = 0; index < 10_000; index += 1) test.add(true, 0.01, index);
    expect(test.isAbove()).toBe(true);
    for (let index = 0; index < 2_000; index += 1) test.add(false, 0.01, 10_000 + index);
    expect(test.isAbove()).toBe(false);
  });

  it("takes the time of a sample that came late as that of the one before", () => {
    const test = new RateTest(0.0025, 1_000);
    for (const atMs of [5_000, 0, -1, 4_000]) test.add(false, 0.01, atMs);
    test.add(true, 0.01, 0);
    expect(test.run.sinceMs).toBeLessThanOrEqual(5_000);
    expect(test.isAbove()).toBe(false);
  });
});
