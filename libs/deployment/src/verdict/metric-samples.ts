import type { Metric, Rule } from "../judging.ts";

/** One message that a version was asked about, as far as it says something about the version. */
export interface Sample {
  /** When it was decided, Unix ms. */
  readonly atMs: number;
  readonly failed: boolean;
  readonly timedOut: boolean;
  /** How long the version took; absent where that says nothing, as of a failure that came early. */
  readonly latencyMs?: number;
}

export const rateMetrics = ["error_rate", "timeout_rate"] as const;
export type RateMetric = (typeof rateMetrics)[number];
export type LatencyMetric = "p50_latency" | "p90_latency" | "p99_latency";
/** What messages show; memory is read. */
export type SampledMetric = RateMetric | LatencyMetric;

const quantiles: Readonly<Record<LatencyMetric, number>> = { p50_latency: 0.5, p90_latency: 0.9, p99_latency: 0.99 };

export function isSampled(rule: Rule): rule is Rule & { readonly metric: SampledMetric } {
  return rule.metric !== "memory";
}

export function isRateMetric(metric: Metric): metric is RateMetric {
  return metric === "error_rate" || metric === "timeout_rate";
}

/** So much of all samples (0–1) is not slower than the metric's value. */
export function quantileOf(metric: LatencyMetric): number {
  return quantiles[metric];
}

/** Whether it is one of those that the rate counts. */
export function isCounted(metric: RateMetric, { failed, timedOut }: Sample): boolean {
  return metric === "error_rate" ? failed : timedOut;
}
