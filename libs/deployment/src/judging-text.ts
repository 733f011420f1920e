import type { Finding, Metric, Rule, Verdict } from "./judging.ts";

const mebibyte = 1024 * 1024;

/** A value in a metric's unit as people write it, with three digits that count: `1%`, `100ms`, `200MB`. */
export function metricValueText(metric: Metric, value: number): string {
  return inUnit(metric, value, rounded);
}

function inUnit(metric: Metric, value: number, text: (value: number) => string): string {
  if (metric === "memory") return `${text(value / mebibyte)}MB`;
  return isLatency(metric) ? `${text(value)}ms` : `${text(value * 100)}%`;
}

export function isLatency(metric: Metric): boolean {
  return metric.endsWith("_latency");
}

/** A rule as it is written in `rollback_on`, to be read again as the same. */
export function ruleText({ metric, comparison, threshold, forMs, minSamples }: Rule): string {
  const held = forMs === undefined ? "" : ` for ${exact(forMs / 1_000)}s`;
  const least = minSamples === undefined ? "" : ` min_samples ${minSamples}`;
  return `${metric} ${comparison} ${thresholdText(metric, threshold)}${held}${least}`;
}

function thresholdText(metric: Metric, threshold: Rule["threshold"]): string {
  if (threshold.kind === "absolute") return inUnit(metric, threshold.value, exact);
  const { factor, plus } = threshold;
  const times = factor === 1 ? "baseline" : `${exact(factor)} × baseline`;
  return plus === 0 ? times : `${times} + ${inUnit(metric, plus, exact)}`;
}

/** Why, in a sentence: the findings that decided it, else those that are missing. */
export function verdictText({ outcome, findings }: Verdict): string {
  const decisive = findings.filter((finding) => finding.outcome === outcome);
  return decisive.map(findingText).join("; ");
}

export function findingText({ metric, rule, samples, observed, bound, windowMs }: Finding): string {
  const seen = observed === undefined ? "nothing observed" : `observed ${metricValueText(metric, observed)}`;
  const least = bound === undefined ? "" : `, at least ${metricValueText(metric, bound)} for sure`;
  return `${rule}: ${seen}${least}, ${samples === 1 ? "1 sample" : `${samples} samples`} in ${rounded(windowMs / 1_000)}s`;
}

/** Without what binary fractions add: `0.07 * 100` is 7. */
function exact(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** Three digits that count, without zeros at the end. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
