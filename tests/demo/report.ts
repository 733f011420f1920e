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

/** What `npm run demo -- --json` prints. */
export interface DemoReport extends Omit<AuditReport, "perVersion" | "findings"> {
  readonly perVersion: AuditReport["perVersion"];
  readonly findings: readonly string[];
  readonly deployments: readonly DeploymentSummary[];
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

/** Everything that did not go as the story says, in words; nothing where it all did. */
export function problemsOf(
  report: DemoReport,
  expected: readonly ExpectedRefusal[],
  acceptedMin: number,
): readonly string[] {
  const counts = mustBeZero.filter((name) => report[name] !== 0).map((name) => `${name} is ${report[name]}, not 0`);
  const refusals = expected.flatMap(({ what, stage, code }) => {
    const found = report.refused.find((refusal) => refusal.what === what);
    const is = found === undefined ? "was not refused" : `was refused at ${found.stage} as ${found.code}`;
    return is === `was refused at ${stage} as ${code}` ? [] : [`${what} ${is}, not at ${stage} as ${code}`];
  });
  return [
    ...counts,
    ...report.findings,
    ...refusals,
    ...(report.replayMatches ? [] : ["the state folded from the events differs from the one that is served"]),
    ...(report.accepted >= acceptedMin ? [] : [`${report.accepted} messages were accepted, not ${acceptedMin}`]),
  ];
}
