import { shadowCauses } from "@caxton/deployment/shadow/ending";
import { comparisons } from "@caxton/deployment/shadow/settings";
import Type, { type Static } from "./type.ts";
import { checker } from "./schema.ts";

const Count = Type.Integer({ minimum: 0 });

/** As `ShadowSettings` of the domain has it. */
export const ShadowSettings = Type.Object({
  compare: Type.Array(Type.Enum(comparisons), { minItems: 1, description: "What is compared; all unless given." }),
  sample: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    description: "Share of the messages that it reads, 0 to 1; a conversation is read as a whole or not at all.",
  }),
  ignore: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
    maxItems: 64,
    description: "Places in an output's body that do not count, as `$.timestamp`.",
  }),
  tolerance: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    description: "Numbers are the same where they differ by no more than this share of the larger one.",
  }),
});

/** As `ShadowSummary` of the domain has it. */
export const ShadowSummary = Type.Object({
  compared: Count,
  equal: Count,
  different: Count,
  failed: Count,
  missed: Count,
});

/** Bucket `caxton-shadows`, key `<agent>.<deployment>`: written by the orchestrator, read by whoever runs shadows. */
export const ShadowSpec = Type.Object({
  agent: Type.String(),
  deployment: Type.String(),
  version: Type.String(),
  settings: ShadowSettings,
  messageTimeoutMs: Type.Integer({ minimum: 1 }),
  /** Outcomes stored from then on are compared, until `endsAtMs`. */
  startedAtMs: Type.Number(),
  endsAtMs: Type.Number(),
  /** Where the agent was undeployed before that: nothing stored from then on is compared. */
  undeployedAtMs: Type.Optional(Type.Number()),
  /** `ended`: nothing more is asked of it; the report is brought to its end. */
  state: Type.Union([Type.Literal("running"), Type.Literal("ended")]),
});
export type ShadowSpec = Static<typeof ShadowSpec>;
export const shadowSpec = checker("shadow", ShadowSpec);

const Estimate = Type.Object(
  { value: Type.Number(), low: Type.Number(), high: Type.Number() },
  { description: "A value with its 95 % interval." },
);
export type Estimate = Static<typeof Estimate>;

const Sample = Type.Object({
  sequence: Count,
  messageId: Type.String(),
  live: Type.String({ description: "Cut short." }),
  shadow: Type.String(),
});
export type ShadowSample = Static<typeof Sample>;

const LatencyMs = Type.Object({ p50: Estimate, p90: Estimate, p99: Estimate });
const CpuMs = Type.Object({ perMessage: Estimate, spans: Count });
const MemoryBytes = Type.Object({ mean: Estimate, max: Type.Number(), samples: Count });
const both = <Schema extends typeof LatencyMs | typeof CpuMs | typeof MemoryBytes>(schema: Schema) => ({
  live: Type.Optional(schema),
  shadow: Type.Optional(schema),
});

/** What a shadow found, as it is served: `caxton shadow report`. */
export const ShadowReport = Type.Object({
  agent: Type.String(),
  deployment: Type.String(),
  version: Type.String(),
  state: Type.Union([Type.Literal("comparing"), Type.Literal("ended")]),
  startedAtMs: Type.Number(),
  endsAtMs: Type.Number(),
  endedAtMs: Type.Optional(Type.Number()),
  asOfMs: Type.Number(),
  /** Why nothing more is compared; absent while it goes on. */
  ending: Type.Optional(
    Type.Object({
      cause: Type.Enum(shadowCauses.filter((cause) => cause !== "unreported")),
      message: Type.String(),
    }),
  ),
  settings: ShadowSettings,
  messages: Type.Object({
    /** Outcomes of the live version that were looked at. */
    read: Count,
    notSampled: Count,
    /** The live version's outcome is a dead letter: there is nothing to compare with. */
    notHandled: Count,
    compared: Count,
    equal: Count,
    different: Count,
    failed: Count,
    missed: Count,
  }),
  /** Of those compared; absent before there is one. */
  shareEqual: Type.Optional(Estimate),
  perLive: Type.Array(
    Type.Object({ version: Type.String(), compared: Count, equal: Count, different: Count, failed: Count }),
  ),
  /** Most frequent first. */
  differences: Type.Array(
    Type.Object({ group: Type.String(), messages: Count, share: Estimate, samples: Type.Array(Sample) }),
  ),
  /** What differs from itself when the live version handles the same message again: no difference. */
  noise: Type.Array(Type.Object({ group: Type.String(), messages: Count, selfDiffered: Count })),
  self: Type.Object({ runs: Count, differed: Count, unanswered: Count }),
  failures: Type.Array(
    Type.Object({ code: Type.String(), messages: Count, reason: Type.String(), messageIds: Type.Array(Type.String()) }),
  ),
  missed: Type.Object({
    /** The inbox did not have it any more. */
    trimmed: Count,
    /** Cut off before it. */
    behind: Count,
    /** No instance of the shadow was there to answer. */
    unanswered: Count,
  }),
  latencyMs: Type.Object({
    pairs: Count,
    ...both(LatencyMs),
    /** Median of the difference on the same message, the shadow's less the live version's. */
    slower: Type.Optional(Estimate),
  }),
  cpuMs: Type.Object(both(CpuMs)),
  memoryBytes: Type.Object(both(MemoryBytes)),
  instances: Type.Object({
    ready: Count,
    restarts: Count,
    /** Why one is not ready, as its host says it. */
    trouble: Type.Optional(Type.String()),
  }),
  behind: Type.Object({ outcomes: Count, ms: Type.Number({ minimum: 0 }) }),
});
export type ShadowReport = Static<typeof ShadowReport>;
export const shadowReport = checker("shadow report", ShadowReport);

/** Bucket `caxton-shadow-reports`, key `<agent>.<deployment>`: written by whoever runs it, compare-and-set; it stays. */
export const ShadowRecord = Type.Object({
  report: ShadowReport,
  /** The runner's own: how far it came, and what it counts. */
  progress: Type.Unknown(),
});
export const shadowRecord = checker("shadow record", ShadowRecord);
