import process from "node:process";
import { quantile, simulate } from "@caxton/deployment/specification/rollouts";
import { describe, expect, it } from "vitest";

const limit = 0.01;
const plan = { rollouts: 10_000, limit, samplesPerStep: 10_000, msPerSample: 7, seed: 20_240_803 };

/** Ten thousand rollouts each; `bench/verdicts.ts` prints more of them. */
describe("of ten thousand rollouts", { timeout: 120_000 }, () => {
  it("under one in a hundred is taken back at half the threshold", () => {
    const { share } = simulate({ ...plan, samplesPerStep: 1_000, chance: limit / 2 });
    expect(share).toBeLessThan(0.01);
  });

  it("over 99 in a hundred are taken back at twice the threshold, before they leave the first step", () => {
    const { share, samples } = simulate({ ...plan, chance: 2 * limit });
    const median = quantile(samples, 0.5) ?? Infinity;
    process.stdout.write(
      `at twice the threshold ${share * 100} % are taken back, after ${median} samples in the median\n`,
    );
    expect(share).toBeGreaterThan(0.99);
    expect(median).toBeLessThan(2_500);
    expect(quantile(samples, 0.99)).toBeLessThan(plan.samplesPerStep);
  });

  it("none more than promised is taken back right at the threshold", () => {
    const { share } = simulate({ ...plan, rollouts: 2_000, samplesPerStep: 3_000, chance: limit });
    expect(share).toBeLessThan(0.005);
  });
});
