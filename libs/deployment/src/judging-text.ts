import type { Finding, Metric, Rule, Verdict } from "./judging.ts";

const mebibyte = 1024 * 1024;

/** A value in a metric's unit as people write it: `1%`, `100ms`, `200MB`. */
export function metricValueText(metric: Metric, value: number): string {
  if (metric === "memory") return `${rounded(value / mebibyte)}MB`;
  return isLatency(metric) ? `${rounded(value)}ms` : `${rounded(value * 100)}%`;
}

export function isLatency(metric: Metric): boolean {
  return metric.endsWith("_latency");
}

/** A rule as it is written in `rollback_on`. */
export function ruleText({ metric, comparison, threshold, forMs, minSamples }: Rule): string {
  const held = forMs === undefined ? "" : ` for ${rounded(forMs / 1_000)}s`;
  const least = minSamples === undefined ? "" : ` min_samples ${minSamples}`;
  return `${metric} ${comparison} ${thresholdText(metric, threshold)}${held}${least}`;
}

function thresholdText(metric: Metric, threshold: Rule["threshold"]): string {
  if (threshold.kind === "absolute") return metricValueText(metric, threshold.value);
  const { factor, plus } = threshold;
  const times = factor === 1 ? "baseline" : `${rounded(factor)} × baseline`;
  return plus === 0 ? times : `${times} + ${metricValueText(metric, plus)}`;
}

/** Why, in a sentence: the findings that decided it, else those that are missing. */
export function verdictText({ outcome, findings }: Verdict): string {
  const decisive = findings.filter((finding) => finding.outcome === outcome);
  return decisive.map(findingText).join("; ");
}

export function findingText({ metric, rule, samples, observed, bound, windowMs }: Finding): string {
  const seen = observed === undefined ? "nothing observed" : `observed ${metricValueText(metric, observed)}`;
  const least = bound === undefined ? "" : `, at least ${metricValueText(metric, bound)} for sure`;
  return `${rule}: ${seen}${least}, ${samples} samples in ${rounded(windowMs / 1_000)}s`;
}

/** Three digits that count, without zeros at the end. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
