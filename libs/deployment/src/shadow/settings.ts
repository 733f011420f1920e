import { readPath } from "./path.ts";

/** ADR section 3: what of the two versions is compared. */
export const comparisons = ["output_equivalence", "performance_metrics", "resource_usage"] as const;
export type Comparison = (typeof comparisons)[number];

/** What a shadow compares, and of which messages. */
export interface ShadowSettings {
  readonly compare: readonly Comparison[];
  /** Share of the messages that it reads, above 0 up to 1; a conversation is read as a whole or not at all. */
  readonly sample: number;
  /** Places in an output's body that do not count, with all below them (`path.ts`). */
  readonly ignore: readonly string[];
  /** Numbers are the same where they differ by no more than this share of the larger one, from 0 to below 1. */
  readonly tolerance: number;
}

/**
 * Beyond what a number loses when it is computed in another order or written by another language; so little that whole numbers
 * up to 10^13, times in ms among them, are compared exactly.
 */
const usualTolerance = 1e-13;

export const defaultShadow: ShadowSettings = {
  compare: comparisons,
  sample: 1,
  ignore: [],
  tolerance: usualTolerance,
};

/** ADR section 3. */
export const shadowDurationMs = 3_600_000;

export const ignoredMax = 64;

/** Why a shadow cannot compare like that, or undefined where it can. */
export function shadowProblem({ compare, sample, ignore, tolerance }: ShadowSettings): string | undefined {
  if (compare.length === 0) return `a shadow compares something: ${comparisons.join(", ")}`;
  if (!(sample > 0 && sample <= 1)) return `a sample is above 0 and at most 1 (all messages), not ${sample}`;
  if (!(tolerance >= 0 && tolerance < 1)) return `a tolerance is a share from 0 to below 1, not ${tolerance}`;
  if (ignore.length > ignoredMax) return `at most ${ignoredMax} paths are ignored, these are ${ignore.length}`;
  for (const text of ignore) {
    const read = readPath(text);
    if (!read.ok) return `the path '${text}' to ignore, character ${read.offset + 1}: ${read.message}`;
  }
  return undefined;
}
