import { type Metric, metrics } from "@caxton/deployment/judging";
import { metricValueText } from "@caxton/deployment/judging-text";
import type { RuleFinding, Verdict } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import { duration, thousands } from "./quantity.ts";
import type { Style } from "./style.ts";

const titles: Readonly<Record<Metric, string>> = {
  error_rate: "Error rate",
  timeout_rate: "Timeout rate",
  p50_latency: "P50 latency",
  p90_latency: "P90 latency",
  p99_latency: "P99 latency",
  memory: "Memory",
};

/** `Error rate: 0.01% (threshold: 1%)`, the ADR's words. */
export function findingText({ metric: name, rule, observed, threshold }: RuleFinding): string {
  const metric = metrics.find((one) => one === name);
  if (metric === undefined) return rule;
  const seen = observed === undefined ? "nothing observed" : metricValueText(metric, observed);
  const bound = threshold === undefined ? rule : `threshold: ${metricValueText(metric, threshold)}`;
  return `${titles[metric]}: ${seen} (${bound})`;
}

/** `error_rate > 1%: observed 4.2%, at least 2.1% for sure, threshold 1%, 312 samples in 12 s` */
export function findingDetail({
  metric: name,
  rule,
  samples,
  observed,
  bound,
  threshold,
  windowMs,
}: RuleFinding): string {
  const metric = metrics.find((one) => one === name);
  const value = (of: number): string => (metric === undefined ? String(of) : metricValueText(metric, of));
  const parts = [
    observed === undefined ? "nothing observed" : `observed ${value(observed)}`,
    ...(bound === undefined ? [] : [`at least ${value(bound)} for sure`]),
    ...(threshold === undefined ? [] : [`threshold ${value(threshold)}`]),
    `${samplesText(samples)} in ${duration(windowMs)}`,
  ];
  return `${rule}: ${parts.join(", ")}`;
}

/** What a verdict rests on, a line for each rule. */
export function verdictLines(verdict: Verdict | undefined, style: Style): readonly string[] {
  return (verdict?.findings ?? []).map((finding) => {
    if (finding.outcome === "inconclusive") {
      return `→ ${findingText(finding)}: ${samplesText(finding.samples)} ${finding.samples === 1 ? "says" : "say"} too little`;
    }
    return `${finding.outcome === "pass" ? style.good("✓") : style.bad("✗")} ${findingText(finding)}`;
  });
}

/** As many as the rule that has most of them. */
export function verdictSamples({ findings }: Verdict): number {
  return Math.max(0, ...findings.map(({ samples }) => samples));
}

export function samplesText(samples: number): string {
  return samples === 1 ? "1 sample" : `${thousands(samples)} samples`;
}

/** `5%`, `12.5%` */
export function percentText(share: number | undefined): string {
  return `${Number(((share ?? 0) * 100).toPrecision(4))}%`;
}
