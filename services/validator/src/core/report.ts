import type { AgentDescription } from "@caxton/contracts/agent-description";
import { type Finding, type StageName, stageNames, type ValidationReport } from "@caxton/contracts/validation";
import { passes } from "./findings.ts";

type StageReport<Name extends StageName> = NonNullable<ValidationReport[Name]>;
/** What a stage found besides its findings, as the report names it. */
export type Facts<Name extends StageName> = Omit<StageReport<Name>, "passed" | "durationMs" | "findings">;

export interface StageOutcome<Name extends StageName> {
  readonly findings: readonly Finding[];
  readonly facts: Facts<Name>;
}

/** What is written of a stage that ended before it found out anything. */
export const noFacts: { readonly [Name in StageName]: Facts<Name> } = {
  static: { sizeBytes: 0, imports: [], exports: [] },
  sandbox: {},
  contracts: { examples: 0, liveMessages: 0, compatible: "unknown" },
  resources: {},
};

export type StageReports = { readonly [Name in StageName]?: StageReport<Name> };

export function stageReport<Name extends StageName>(outcome: StageOutcome<Name>, durationMs: number) {
  return { passed: passes(outcome.findings), durationMs, findings: [...outcome.findings], ...outcome.facts };
}

export interface ReportInput {
  readonly digest: string;
  readonly durationMs: number;
  readonly cached: boolean;
  readonly description: AgentDescription | undefined;
  readonly stages: StageReports & Pick<ValidationReport, "static">;
}

/** The verdict: passed only if every stage was reached and passed. */
export function validationReport({ digest, durationMs, cached, description, stages }: ReportInput): ValidationReport {
  const passed = stageNames.every((name) => stages[name]?.passed === true);
  return { digest, passed, durationMs, cached, ...(description === undefined ? {} : { description }), ...stages };
}
