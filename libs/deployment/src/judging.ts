/** How a canary is judged: what it is asked for, and what a look at it came to. The statistics are in `verdict/`. */

export const metrics = ["error_rate", "timeout_rate", "p50_latency", "p90_latency", "p99_latency", "memory"] as const;
export type Metric = (typeof metrics)[number];

/** In the metric's own unit: a share (0–1) for rates, ms for latencies, bytes for memory. */
export type Threshold =
  | { readonly kind: "absolute"; readonly value: number }
  /** `factor` times what the stable version has at the same time, plus `plus`. */
  | { readonly kind: "baseline"; readonly factor: number; readonly plus: number };

/** One line of `rollback_on`: the version is bad where the metric is beyond the threshold. */
export interface Rule {
  readonly metric: Metric;
  readonly comparison: ">" | ">=";
  readonly threshold: Threshold;
  /** It has to be so for this long without a break; at once unless given. */
  readonly forMs?: number;
  /** Fewer say nothing. */
  readonly minSamples?: number;
}

export interface Judging {
  /** Any of them is enough. */
  readonly rollbackOn: readonly Rule[];
  /** What becomes of a step whose time is over without a verdict: it is held, or taken back `maxHoldMs` later. */
  readonly onInconclusive: "hold" | "rollback";
  readonly maxHoldMs: number;
  /** What becomes of a message that the canary failed on (DESIGN.md, rule 6). */
  readonly onFailure: "fallback" | "deadletter";
}

/** ADR section 3. */
export const defaultRules: readonly Rule[] = [
  { metric: "error_rate", comparison: ">", threshold: { kind: "absolute", value: 0.01 } },
  { metric: "p99_latency", comparison: ">", threshold: { kind: "absolute", value: 100 } },
];

export const defaultJudging: Judging = {
  rollbackOn: defaultRules,
  onInconclusive: "hold",
  maxHoldMs: 1_800_000,
  onFailure: "fallback",
};

export type VerdictOutcome = "pass" | "fail" | "inconclusive";

/** What one rule came to. `observed`, `bound` and `threshold` are in the metric's unit; absent while nothing is known. */
export interface Finding {
  readonly metric: Metric;
  /** The rule in the words it is written in. */
  readonly rule: string;
  readonly outcome: VerdictOutcome;
  readonly samples: number;
  readonly observed?: number;
  /** What the canary's true value is at least, with the confidence that is asked for, however often one looks. */
  readonly bound?: number;
  readonly threshold?: number;
  /** Of the time that was looked at, in ms. */
  readonly windowMs: number;
}

export interface Verdict {
  readonly outcome: VerdictOutcome;
  readonly findings: readonly Finding[];
  /** Unix ms of the last thing that is in it. */
  readonly asOfMs: number;
}

/** Fail where any finding fails, pass where every one passes. */
export function verdictOf(findings: readonly Finding[], asOfMs: number): Verdict {
  const outcomes = findings.map(({ outcome }) => outcome);
  const outcome = outcomes.includes("fail") ? "fail" : outcomes.includes("inconclusive") ? "inconclusive" : "pass";
  return { outcome, findings, asOfMs };
}

/** The ADR's label of `caxton_deployment_rollback_total`: `high_error_rate` and its like. */
export function rollbackCause({ findings }: Verdict): string {
  const failed = findings.find(({ outcome }) => outcome === "fail");
  return failed === undefined ? "inconclusive" : `high_${failed.metric}`;
}
