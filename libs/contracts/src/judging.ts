import type * as domain from "@caxton/deployment/judging";
import { metrics } from "@caxton/deployment/judging";
import Type, { type Static } from "./type.ts";

const Metric = Type.Enum(metrics);

export const Rule = Type.Object({
  metric: Metric,
  comparison: Type.Union([Type.Literal(">"), Type.Literal(">=")]),
  threshold: Type.Union([
    Type.Object({
      kind: Type.Literal("absolute"),
      value: Type.Number({ minimum: 0, description: "A share (0–1) for rates, ms for latencies, bytes for memory." }),
    }),
    Type.Object({
      kind: Type.Literal("baseline"),
      factor: Type.Number({ minimum: 0, description: "Times what the stable version has at the same time." }),
      plus: Type.Number({ minimum: 0 }),
    }),
  ]),
  forMs: Type.Optional(Type.Number({ minimum: 0, description: "It has to be so for this long without a break." })),
  minSamples: Type.Optional(Type.Integer({ minimum: 1, description: "Fewer say nothing." })),
});

export const Judging = Type.Object({
  rollbackOn: Type.Array(Rule, { description: "Any of them takes the version back." }),
  onInconclusive: Type.Union([Type.Literal("hold"), Type.Literal("rollback")], {
    description: "What becomes of a step whose time is over without a verdict.",
  }),
  maxHoldMs: Type.Number({ minimum: 0, description: "How long it is held before it is taken back." }),
  onFailure: Type.Union([Type.Literal("fallback"), Type.Literal("deadletter")], {
    description: "What becomes of a message that the canary failed on.",
  }),
});

const VerdictOutcome = Type.Union([Type.Literal("pass"), Type.Literal("fail"), Type.Literal("inconclusive")]);

const Finding = Type.Object({
  metric: Metric,
  rule: Type.String(),
  outcome: VerdictOutcome,
  samples: Type.Integer({ minimum: 0 }),
  observed: Type.Optional(Type.Number()),
  bound: Type.Optional(Type.Number()),
  threshold: Type.Optional(Type.Number()),
  windowMs: Type.Number(),
});

export const Verdict = Type.Object({
  outcome: VerdictOutcome,
  findings: Type.Array(Finding),
  asOfMs: Type.Number(),
});

type Agree<Schema, Domain> = Domain extends Schema ? true : never;

/** Fails to compile where schema and domain say different things. */
export const judgingMatchesDomain: [
  Agree<domain.Verdict, Static<typeof Verdict>>,
  Agree<domain.Judging, Static<typeof Judging>>,
] = [true, true];
