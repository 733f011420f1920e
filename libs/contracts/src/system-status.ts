import Type, { type Static } from "./type.ts";
import { ServicePresence } from "./placement.ts";
import { checker } from "./schema.ts";

const Count = Type.Integer({ minimum: 0 });

/** What a check found. */
export const Finding = Type.Object({
  check: Type.String({ description: "What was looked at, such as `streams`." }),
  result: Type.Union([Type.Literal("ok"), Type.Literal("warning"), Type.Literal("problem")]),
  seen: Type.String({ description: "What was seen, in words." }),
  advice: Type.String({ description: "What to do about it; empty where it is ok." }),
  agent: Type.Optional(Type.String()),
});
export type Finding = Static<typeof Finding>;

/** A version that the route names or that should run. */
export const VersionStatus = Type.Object({
  version: Type.String(),
  share: Type.Number({
    minimum: 0,
    maximum: 1,
    description: "Share of the agent's messages, 0 to 1; 0 where the route does not name it.",
  }),
  /** Instances that should run, and how many of them are where. */
  wanted: Count,
  ready: Count,
  starting: Count,
  failed: Count,
  closed: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: "They run and get no message: a version that could be brought back at once.",
    }),
  ),
  restarts: Count,
  reason: Type.Optional(Type.String({ description: "Why the last one did not start or ended." })),
  perSecond: Type.Optional(
    Type.Number({ description: "Over the last minute, by attempt; absent where nothing was attempted." }),
  ),
  /** Of as many attempts in the last minute. */
  errorRate: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  attempts: Type.Optional(Count),
  p99LatencyMs: Type.Optional(Type.Number()),
});
export type VersionStatus = Static<typeof VersionStatus>;

export const InboxStatus = Type.Object({
  epoch: Type.String(),
  /** Kept in the stream, handled ones included. */
  messages: Count,
  bytes: Count,
  maxBytes: Type.Integer({ description: "Beyond it producers are refused; -1 where there is no limit." }),
  maxMessages: Type.Optional(Type.Integer({ description: "Likewise; absent where there is no limit." })),
  lastSequence: Count,
  /** Not acknowledged yet; `inFlight` of them are held by routers. */
  waiting: Count,
  inFlight: Count,
  oldestWaitingMs: Type.Optional(Type.Number()),
});
export type InboxStatus = Static<typeof InboxStatus>;

/** What an agent's outcomes take; when they are at their limit nothing of it is decided. */
export const OutcomesStatus = Type.Object({
  messages: Count,
  bytes: Count,
  maxBytes: Type.Integer({ description: "-1 where there is no limit." }),
  maxMessages: Type.Optional(Type.Integer({ description: "Absent where there is no limit." })),
});
export type OutcomesStatus = Static<typeof OutcomesStatus>;

/** How far the relay is behind the outcomes, by its checkpoint, which is a second old at most. */
export const RelayStatus = Type.Object({
  target: Type.String({ description: "`outbox`, or the agent whose inbox it is." }),
  behind: Count,
  oldestMs: Type.Optional(Type.Number({ description: "For how long the first of them has been waiting." })),
  waitsFor: Type.Optional(
    Type.Object(
      { code: Type.String(), message: Type.String() },
      { description: "What keeps it, where something does, as the router says that relays for the agent." },
    ),
  ),
});
export type RelayStatus = Static<typeof RelayStatus>;

export const AgentStatus = Type.Object({
  agent: Type.String(),
  activeVersion: Type.Optional(Type.String()),
  rollout: Type.Optional(
    Type.Object({
      deployment: Type.String(),
      version: Type.String(),
      state: Type.String(),
      waitsForApproval: Type.Optional(Type.Boolean({ description: "Its step is one that a person decides." })),
    }),
  ),
  queued: Count,
  stopped: Type.Optional(
    Type.Object(
      { what: Type.String(), actor: Type.String(), reason: Type.String(), sinceMs: Type.Number() },
      {
        description: "Where somebody wants nothing taken out of the inbox: `held`, `being undeployed` or `undeployed`.",
      },
    ),
  ),
  frozen: Type.Optional(Type.String({ description: "Where there is a freeze: whose, until when and why, in words." })),
  routeRevision: Count,
  /** The last one that every live router acknowledged. */
  appliedRouteRevision: Count,
  versions: Type.Array(VersionStatus),
  /** Absent where the agent has none yet. */
  inbox: Type.Optional(InboxStatus),
  outcomes: Type.Optional(OutcomesStatus),
  perSecond: Type.Number({ description: "Attempts over the last minute, all versions." }),
  errorRate: Type.Number({ minimum: 0, maximum: 1 }),
  attempts: Count,
  /** Absent where no ledger answers. */
  deadLettered: Type.Optional(Count),
  faults: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
  relay: Type.Array(RelayStatus),
  /** Why routers take nothing out of the inbox, in their own words; those that say the same are named together. */
  waits: Type.Array(Type.Object({ who: Type.String(), code: Type.String(), message: Type.String() })),
});
export type AgentStatus = Static<typeof AgentStatus>;

export const SystemStatus = Type.Object({
  asOfMs: Type.Number(),
  services: Type.Array(ServicePresence),
  agents: Type.Array(AgentStatus),
  /** Warnings and problems only. */
  findings: Type.Array(Finding),
});
export type SystemStatus = Static<typeof SystemStatus>;
export const systemStatus = checker("the status", SystemStatus);
