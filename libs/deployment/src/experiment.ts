import {
  confidence,
  type Difference,
  differenceOfMeans,
  differenceOfRates,
  valuesMin,
  type Values,
} from "./verdict/difference.ts";

/** What an A/B test compares: the mean of a number that outputs carry, or how many messages have an output of a kind. */
export type Measure = { readonly better: "higher" | "lower" } & (
  | {
      readonly kind: "mean";
      /** Where the number stands in an output's JSON, such as `$.score`. */
      readonly path: string;
      /** In outputs of this kind only. */
      readonly output?: string;
    }
  | { readonly kind: "rate"; readonly output: string }
);

/** What a test has counted of a version. The values of a rate are 0 and 1, one for each message. */
export interface ArmTally extends Values {
  /** Handled as the split meant it. A message whose outputs do not carry the number is one without a value. */
  readonly messages: number;
}

export interface ExperimentTally {
  readonly stable: ArmTally;
  readonly candidate: ArmTally;
  /** Messages that a version got which the split did not mean for it, and those that failed: they say nothing. */
  readonly leftOut: number;
}

export type Recommendation = "promote" | "rollback" | "no-difference" | "wait";

export interface ExperimentReport {
  readonly measure: Measure;
  readonly stableVersion: string;
  readonly candidateVersion: string;
  readonly tally: ExperimentTally;
  readonly startedAtMs: number;
  /** When the time is over that was set beforehand. */
  readonly endsAtMs: number;
  readonly asOfMs: number;
  /** The time is not over: whoever ends the test because of what it shows now is wrong more often than the interval says. */
  readonly provisional: boolean;
  /** The candidate less the stable version; absent where there is too little to say. */
  readonly difference?: Difference;
  readonly confidence: number;
  readonly recommendation: Recommendation;
  /** The recommendation in words. */
  readonly reason: string;
}

export interface ExperimentUnderWay {
  readonly measure: Measure;
  readonly stableVersion: string;
  readonly candidateVersion: string;
  readonly startedAtMs: number;
  readonly endsAtMs: number;
}

/** What the test shows `now` (Unix ms), and, once its time is over, what it recommends. */
export function experimentReport(test: ExperimentUnderWay, tally: ExperimentTally, now: number): ExperimentReport {
  const { measure, endsAtMs } = test;
  const difference = differenceOf(measure, tally);
  const provisional = now < endsAtMs;
  const found = provisional ? waiting : recommend(measure, difference, tally);
  const compared = difference === undefined ? {} : { difference };
  return { ...test, tally, asOfMs: now, provisional, ...compared, confidence, ...found };
}

const waiting = {
  recommendation: "wait",
  reason: "the time is not over; what is seen before is provisional and no reason to end the test",
} as const;

function differenceOf({ kind }: Measure, { stable, candidate }: ExperimentTally): Difference | undefined {
  if (kind === "mean") return differenceOfMeans(stable, candidate);
  const hits = ({ samples, mean }: ArmTally) => ({ samples, hits: Math.round(mean * samples) });
  return differenceOfRates(hits(stable), hits(candidate));
}

type Found = Pick<ExperimentReport, "recommendation" | "reason">;

function recommend(measure: Measure, difference: Difference | undefined, tally: ExperimentTally): Found {
  if (difference === undefined) return { recommendation: "no-difference", reason: tooFew(tally) };
  const { low, high } = difference;
  if (low <= 0 && high >= 0) {
    return { recommendation: "no-difference", reason: "the interval holds 0" };
  }
  const isHigher = low > 0;
  const isBetter = isHigher === (measure.better === "higher");
  const direction = isHigher ? "higher" : "lower";
  return isBetter
    ? { recommendation: "promote", reason: `the new version is ${direction}, which is better` }
    : { recommendation: "rollback", reason: `the new version is ${direction}, which is worse` };
}

function tooFew({ stable, candidate }: ExperimentTally): string {
  return `there are ${stable.samples} values of the stable version and ${candidate.samples} of the new one, ${valuesMin} of each are needed`;
}
