import type * as domain from "@caxton/deployment/experiment";
import Type, { type Static } from "./type.ts";

const Count = Type.Integer({ minimum: 0 });
const better = Type.Union([Type.Literal("higher"), Type.Literal("lower")], {
  description: "Which direction is an improvement.",
});
const output = Type.String({ minLength: 1, maxLength: 64, description: "A kind of output." });

/** What an A/B test compares. */
export const Measure = Type.Union([
  Type.Object(
    {
      kind: Type.Literal("mean"),
      path: Type.String({
        maxLength: 200,
        description: "Where a number stands in an output's JSON: `$` and after it `.name`, `['name']` or `[0]`.",
      }),
      output: Type.Optional(output),
      better,
    },
    { additionalProperties: false },
  ),
  Type.Object({ kind: Type.Literal("rate"), output, better }, { additionalProperties: false }),
]);

const ArmTally = Type.Object({
  messages: Count,
  samples: Count,
  mean: Type.Number(),
  squares: Type.Number({ minimum: 0, description: "Sum of the squared distances from the mean." }),
});

export const ExperimentTally = Type.Object({ stable: ArmTally, candidate: ArmTally, leftOut: Count });

export const ExperimentReport = Type.Object({
  measure: Measure,
  stableVersion: Type.String(),
  candidateVersion: Type.String(),
  tally: ExperimentTally,
  startedAtMs: Type.Number(),
  endsAtMs: Type.Number(),
  asOfMs: Type.Number(),
  provisional: Type.Boolean(),
  difference: Type.Optional(Type.Object({ observed: Type.Number(), low: Type.Number(), high: Type.Number() })),
  confidence: Type.Number(),
  recommendation: Type.Union([
    Type.Literal("promote"),
    Type.Literal("rollback"),
    Type.Literal("no-difference"),
    Type.Literal("wait"),
  ]),
  reason: Type.String(),
});

type Agree<Schema, Domain> = Domain extends Schema ? true : never;

/** Fails to compile where schema and domain say different things. */
export const experimentMatchesDomain: [
  Agree<domain.ExperimentReport, Static<typeof ExperimentReport>>,
  Agree<domain.Measure, Static<typeof Measure>>,
] = [true, true];
