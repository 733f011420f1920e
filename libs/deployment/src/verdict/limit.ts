import type { Metric, Rule } from "../judging.ts";

/** What a rule's threshold comes to, in the metric's unit. The two are one where the threshold is absolute. */
export interface Limit {
  /** Beyond it the version is bad, whatever the baseline may be within its own uncertainty. */
  readonly failBeyond: number;
  /** Within it the version is good, the baseline taken as it was observed. */
  readonly passWithin: number;
}

/** What the stable version has of a metric at the same time, in the metric's unit. */
export interface Baseline {
  readonly observed: number;
  /** What its true value is at most, for all that the samples leave open. */
  readonly atMost: number;
}

/** Metrics that are not in it are not known well enough. */
export type Baselines = ReadonlyMap<Metric, Baseline>;

/** undefined while the baseline that the threshold refers to is not known. */
export function limitOf({ metric, threshold }: Rule, baselines: Baselines): Limit | undefined {
  if (threshold.kind === "absolute") return { failBeyond: threshold.value, passWithin: threshold.value };
  const baseline = baselines.get(metric);
  if (baseline === undefined) return undefined;
  const { factor, plus } = threshold;
  return { failBeyond: factor * baseline.atMost + plus, passWithin: factor * baseline.observed + plus };
}

export function isBeyond(comparison: Rule["comparison"], value: number, limit: number): boolean {
  return comparison === ">" ? value > limit : value >= limit;
}
