import type { Metric, Rule } from "../judging.ts";
import type { Limit } from "./sampled-rule.ts";

/** What the stable version has of a metric at the same time, in the metric's unit. */
export interface Baseline {
  readonly observed: number;
  /** What its true value is at most, for all that the samples leave open. */
  readonly atMost: number;
}

/** undefined where too little is known. */
export type Baselines = (metric: Metric) => Baseline | undefined;

/** What a rule's threshold comes to; undefined while the baseline that it refers to is not known well enough. */
export function limitOf({ metric, threshold }: Rule, baselines: Baselines): Limit | undefined {
  if (threshold.kind === "absolute") return { failBeyond: threshold.value, passWithin: threshold.value };
  const baseline = baselines(metric);
  if (baseline === undefined) return undefined;
  const { factor, plus } = threshold;
  return { failBeyond: factor * baseline.atMost + plus, passWithin: factor * baseline.observed + plus };
}
