import { alphaOf } from "../verdict/false-alarms.ts";
import { RateTest } from "../verdict/rate-test.ts";

/** Where the shares of the default plan stand, and how many rules it judges by. */
const steps = [2, 3, 4] as const;
const rules = 2;

export interface SimulatedRollouts {
  readonly rollouts: number;
  /** What a rule allows, 0–1. */
  readonly limit: number;
  /** The version's true chance of a hit, 0–1. */
  readonly chance: number;
  readonly samplesPerStep: number;
  readonly msPerSample: number;
  /** Samples at the beginning of the first step that have a tenth of the limit: a version that turns bad later. */
  readonly goodFirst?: number;
  readonly seed: number;
}

export interface TakenBack {
  /** Of all rollouts, 0–1. */
  readonly share: number;
  /** How many samples it took from when the version was bad, smallest first. */
  readonly samples: readonly number[];
}

/** Rollouts through the three shares of the default plan, judged by one rule after every sample. */
export function simulate({ rollouts, seed, ...rollout }: SimulatedRollouts): TakenBack {
  const random = xorshift(seed);
  const samples = Array.from({ length: rollouts }, () => samplesUntilTakenBack(rollout, random));
  const takenBack = samples.filter((count) => count !== undefined).toSorted((a, b) => a - b);
  return { share: takenBack.length / rollouts, samples: takenBack };
}

/** @param share 0–1 */
export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

function samplesUntilTakenBack(
  { limit, chance, samplesPerStep, msPerSample, goodFirst = 0 }: Omit<SimulatedRollouts, "rollouts" | "seed">,
  random: () => number,
): number | undefined {
  let seen = -goodFirst;
  for (const step of steps) {
    const test = new RateTest(alphaOf(step, rules), 0);
    const inThisStep = samplesPerStep + (step === steps[0] ? goodFirst : 0);
    for (let index = 1; index <= inThisStep; index += 1) {
      seen += 1;
      const isHit = random() < (seen <= 0 ? limit / 10 : chance);
      test.add(isHit, limit, index * msPerSample);
      // Nothing but a hit can be one too many.
      if (isHit && test.isAbove()) return Math.max(0, seen);
    }
  }
  return undefined;
}

/** Numbers from 0 to 1, the same for the same seed: xorshift of 32 bits (Marsaglia 2003). */
export function xorshift(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}
