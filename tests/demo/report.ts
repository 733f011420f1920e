import type { AuditReport } from "../auditor/report.ts";

export interface DeploymentSummary {
  readonly id: string;
  readonly agent: string;
  readonly version: string;
  readonly state: string;
  readonly validationMs: number | undefined;
  readonly deployMs: number | undefined;
  /** From the command until the version's first message was handled. */
  readonly untilFirstMessageMs: number | undefined;
}

export interface Refusal {
  readonly what: string;
  readonly deployment: string;
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
}

export interface ExpectedRefusal {
  readonly what: string;
  readonly stage: string;
  readonly code: string;
}

/** A share of a canary, 0 to 1, as it was asked for and as its version was given it. */
export interface CanaryStep {
  readonly shareAsked: number;
  readonly shareObserved: number;
  readonly samples: number;
  readonly seconds: number;
}

/** A canary that was taken back by itself; times in ms. */
export interface BadCanary {
  readonly outcome: string;
  readonly reason: string;
  readonly samples: number;
  /** From the first outcome it failed on to the decision. */
  readonly detectMs: number;
  /** From the outcome that was one too many: until its processes had closed, every router had diverted, all was over. */
  readonly safeMs: number;
  readonly divertMs: number;
  readonly totalMs: number;
  readonly drainMs: number;
  readonly failedOnCanary: number;
  /** Of those, handled by the stable version in the same delivery. */
  readonly fallbacks: number;
}

/** What a shadow came to. */
export interface ShadowFigures {
  readonly version: string;
  readonly ended: string;
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  readonly failed: number;
  readonly missed: number;
  /** 0 to 1. */
  readonly shareEqual: number;
  readonly groups: readonly string[];
}

/** What a story found, for `--json`; what it counted itself stands beside these. */
export interface StoryReport {
  readonly accepted: number;
  readonly durationMs: number;
  /** One entry for each version that handled something. */
  readonly perVersion: Readonly<Record<string, unknown>>;
}

/** What `npm run demo -- --json` prints. */
export interface DemoReport extends Omit<AuditReport, "perVersion" | "findings"> {
  readonly perVersion: AuditReport["perVersion"];
  readonly findings: readonly string[];
  readonly deployments: readonly DeploymentSummary[];
  readonly canary: { readonly steps: readonly CanaryStep[] };
  readonly bad: BadCanary;
  /** Of v3 beside v2, after its canary. */
  readonly shadow: ShadowFigures;
  readonly refused: readonly Refusal[];
  readonly replayMatches: boolean;
  readonly eventStore: string;
  readonly durationMs: number;
}

const mustBeZero = [
  "pending",
  "lost",
  "duplicateOutcomes",
  "strayOutcomes",
  "duplicateOutputs",
  "missingOutputs",
  "wrongOutputs",
  "wrongDeadLetters",
  "deadLettered",
] as const;

/** What the auditor found that may not be. */
export function auditProblems(report: Pick<AuditReport, (typeof mustBeZero)[number]>): readonly string[] {
  return mustBeZero.filter((name) => report[name] !== 0).map((name) => `${name} is ${report[name]}, not 0`);
}

/** Everything that did not go as the story says, in words; nothing where it all did. */
export function problemsOf(
  report: DemoReport,
  expected: readonly ExpectedRefusal[],
  acceptedMin: number,
): readonly string[] {
  const refusals = expected.flatMap(({ what, stage, code }) => {
    const found = report.refused.find((refusal) => refusal.what === what);
    const is = found === undefined ? "was not refused" : `was refused at ${found.stage} as ${found.code}`;
    return is === `was refused at ${stage} as ${code}` ? [] : [`${what} ${is}, not at ${stage} as ${code}`];
  });
  return [
    ...auditProblems(report),
    ...report.findings,
    ...refusals,
    ...canaryProblems(report),
    ...(report.shadow.ended === "over" && report.shadow.failed > 0 ? [] : ["the shadow failed on nothing"]),
    ...(report.replayMatches ? [] : ["the state folded from the events differs from the one that is served"]),
    ...(report.accepted >= acceptedMin ? [] : [`${report.accepted} messages were accepted, not ${acceptedMin}`]),
  ];
}

const stepsAsked = [0.05, 0.25, 0.5, 1];

function canaryProblems({ canary: { steps }, bad }: DemoReport): readonly string[] {
  const asked = steps.map(({ shareAsked }) => shareAsked);
  return [
    ...(asked.join() === stepsAsked.join() ? [] : [`the canary went through ${asked.join(", ")}`]),
    ...(bad.outcome === "DeploymentRolledBack" ? [] : [`the bad version ended as ${bad.outcome}`]),
    ...(bad.fallbacks === bad.failedOnCanary ? [] : [`${bad.failedOnCanary} failed on it, ${bad.fallbacks} fell back`]),
  ];
}
