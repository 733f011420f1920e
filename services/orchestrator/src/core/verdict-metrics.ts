import { isLatency } from "@caxton/deployment/judging-text";
import type { Metric, Verdict } from "@caxton/deployment/judging";

/** What a verdict observed, under the names of the ADR's log object: rates in percent, `p99_latency_ms`, `memory_bytes`. */
export function verdictMetrics({ findings }: Verdict): Readonly<Record<string, number>> {
  const observed = findings.flatMap(({ metric, observed: value }) =>
    value === undefined ? [] : [[nameOf(metric), valueOf(metric, value)] as const],
  );
  return Object.fromEntries(observed);
}

/** How many messages it rests on: what the best known of its rules has. */
export function verdictSamples({ findings }: Verdict): number {
  return Math.max(0, ...findings.map(({ samples }) => samples));
}

function nameOf(metric: Metric): string {
  if (metric === "memory") return "memory_bytes";
  return isLatency(metric) ? `${metric}_ms` : metric;
}

function valueOf(metric: Metric, value: number): number {
  if (metric === "memory") return value;
  return round(isLatency(metric) ? value : value * 100);
}

/** Six digits that count: without what binary fractions add. */
export function round(value: number): number {
  return Number(value.toPrecision(6));
}
