import Type, { type Static, type TProperties } from "./type.ts";
import { AgentDescription } from "./agent-description.ts";
import { Busy } from "./busy.ts";
import { VersionLimits } from "./limits.ts";

export const ValidateRequest = Type.Object({
  deployment: Type.String(),
  agent: Type.String(),
  digest: Type.String(),
  configuration: Type.String(),
  limits: VersionLimits,
  live: Type.Optional(
    Type.Object({
      version: Type.String({ description: "The version now live, whose contract must still hold." }),
      digest: Type.String(),
    }),
  ),
  allowBreaking: Type.Optional(
    Type.String({
      description: "A breaking change is wanted, for this reason: it is found and reported, but does not fail.",
    }),
  ),
});
export type ValidateRequest = Static<typeof ValidateRequest>;

export const Finding = Type.Object({
  severity: Type.Union([Type.Literal("error"), Type.Literal("warning"), Type.Literal("info")]),
  code: Type.String(),
  message: Type.String(),
});
export type Finding = Static<typeof Finding>;

const stage = <Facts extends TProperties>(facts: Facts) =>
  Type.Object({ passed: Type.Boolean(), durationMs: Type.Number(), findings: Type.Array(Finding), ...facts });

export const stageNames = ["static", "sandbox", "contracts", "resources"] as const;
export type StageName = (typeof stageNames)[number];

/** ADR section 2: four stages in order; those after the first that failed are absent. */
export const ValidationReport = Type.Object({
  digest: Type.String(),
  passed: Type.Boolean(),
  durationMs: Type.Number(),
  cached: Type.Boolean({
    description:
      "Whether the component had been prepared before, or passed before with the same of everything; then the stages tell of that time.",
  }),
  description: Type.Optional(AgentDescription),
  static: stage({
    sizeBytes: Type.Integer(),
    imports: Type.Array(Type.String()),
    exports: Type.Array(Type.String()),
    memoryInitialBytes: Type.Optional(Type.Integer()),
  }),
  sandbox: Type.Optional(stage({ startMs: Type.Optional(Type.Number()) })),
  contracts: Type.Optional(
    stage({
      examples: Type.Integer(),
      liveMessages: Type.Integer(),
      /** Whether every message the live version accepts is accepted: by structure of the schemas. */
      compatible: Type.Union([Type.Literal("yes"), Type.Literal("no"), Type.Literal("unknown"), Type.Literal("first")]),
    }),
  ),
  resources: Type.Optional(
    stage({
      startMs: Type.Optional(Type.Number()),
      messageP50Ms: Type.Optional(Type.Number()),
      messageP99Ms: Type.Optional(Type.Number()),
      memoryPeakBytes: Type.Optional(Type.Integer()),
      outputMaxBytes: Type.Optional(Type.Integer()),
    }),
  ),
});
export type ValidationReport = Static<typeof ValidationReport>;

/** The first error of a report that did not pass. */
export function failureOf(
  report: ValidationReport,
): { readonly stage: StageName; readonly finding: Finding } | undefined {
  for (const name of stageNames) {
    const finding = report[name]?.findings.find(({ severity }) => severity === "error");
    if (finding !== undefined) return { stage: name, finding };
  }
  return undefined;
}

/** What a validator answers: a report, that it bears no more now, or why there is none (an artifact nobody has, a bus that is away). */
export const ValidateAnswer = Type.Union([
  ValidationReport,
  Type.Object({ busy: Busy }),
  Type.Object({ error: Type.Object({ code: Type.String(), message: Type.String() }) }),
]);
export type ValidateAnswer = Static<typeof ValidateAnswer>;
