import Type, { type Static } from "./type.ts";
import { concurrencyMax, instancesMax, VersionLimits } from "./limits.ts";

/** Bucket `caxton-routes`, key `<agent>`: written by the orchestrator, compare-and-set, revision upward only. */
export const RouteEntry = Type.Object({
  agent: Type.String(),
  revision: Type.Integer({ minimum: 0 }),
  /** Newest first; see chooseVersion in libs/deployment. */
  targets: Type.Array(
    Type.Object({
      version: Type.String(),
      share: Type.Number({ minimum: 0, maximum: 1 }),
      messageTimeoutMs: Type.Integer({ minimum: 1 }),
      /** On trial beside the other one: what becomes of a message that it failed on (DESIGN.md, rule 6). */
      canary: Type.Optional(
        Type.Object({ onFailure: Type.Union([Type.Literal("fallback"), Type.Literal("deadletter")]) }),
      ),
    }),
  ),
  closed: Type.Array(Type.Object({ version: Type.String(), revision: Type.Integer() })),
  /** Why nothing is taken out of the inbox although somebody could be asked, or why nobody is there: `held`, `undeployed`. */
  paused: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
  /** What is in the inbox is dead-lettered for this reason, and no version asked. */
  refused: Type.Optional(Type.Object({ code: Type.String(), reason: Type.String() })),
});
export type RouteEntry = Static<typeof RouteEntry>;

/** Bucket `caxton-versions`, key `<agent>.<version>`: what should run, written by the orchestrator, read by the hosts. */
export const VersionSpec = Type.Object({
  agent: Type.String(),
  version: Type.String(),
  deployment: Type.String(),
  digest: Type.String(),
  configuration: Type.String(),
  limits: VersionLimits,
  instances: Type.Integer({ minimum: 1, maximum: instancesMax }),
  /** Messages that one instance works on at once. */
  concurrency: Type.Integer({ minimum: 1, maximum: concurrencyMax }),
  desired: Type.Union([Type.Literal("running"), Type.Literal("stopped")]),
  /** Nobody waits for it: it gets what others leave of the processor. */
  background: Type.Optional(Type.Literal(true)),
  /** Of the deployment that started it, for the host's log. */
  traceparent: Type.Optional(Type.String()),
});
export type VersionSpec = Static<typeof VersionSpec>;

/**
 * Bucket `caxton-slots` (TTL), key `<agent>.<version>.<index>`: the host that holds an instance says how it is. It is
 * refreshed while the host lives and expires with it, so that another host takes over.
 */
export const SlotStatus = Type.Object({
  host: Type.String(),
  instance: Type.String(),
  state: Type.Union([
    Type.Literal("starting"),
    Type.Literal("ready"),
    /** Takes no new request; some are still being worked on. */
    Type.Literal("closed"),
    /** Closed and nothing in flight. */
    Type.Literal("drained"),
    /** Did not start, or crashed again and again; `code` and `reason` say why. */
    Type.Literal("failed"),
  ]),
  /** The route revision it closed at. */
  closedAtRevision: Type.Optional(Type.Integer()),
  pid: Type.Optional(Type.Integer()),
  startMs: Type.Optional(Type.Number()),
  /** What bounds its memory besides the cap in the component: `cgroup-v2`, `cgroup-v1`, `data-limit` or `none`. */
  isolation: Type.Optional(Type.String()),
  /** What its process takes (resident), as it said within the last seconds. */
  memoryBytes: Type.Optional(Type.Integer({ minimum: 0 })),
  /** What its process has taken of the processor since it began, likewise. */
  cpuMs: Type.Optional(Type.Number({ minimum: 0 })),
  restarts: Type.Integer({ minimum: 0 }),
  code: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
});
export type SlotStatus = Static<typeof SlotStatus>;

/** A slot that was not refreshed for so long is free again. */
export const slotTtlMs = 3_000;

/** Bucket `caxton-services` (TTL), key `<kind>.<id>`: who is alive. */
export const ServicePresence = Type.Object({
  kind: Type.String(),
  id: Type.String(),
  pid: Type.Integer(),
  startedAtMs: Type.Number(),
  /** Where `/healthz`, `/readyz` and `/metrics` are, where they are served: `http://127.0.0.1:9464`. */
  healthUrl: Type.Optional(Type.String()),
});
export type ServicePresence = Static<typeof ServicePresence>;

/** A router's word that it follows a revision, on `caxton.route.ack.<agent>`. */
export const RouteAck = Type.Object({ router: Type.String(), revision: Type.Integer() });
export type RouteAck = Static<typeof RouteAck>;

/** Bucket `caxton-relay`, keys `<agent>.outbox` and `<agent>.to.<target>`: a lower bound of what a relay lane has done. */
export const RelayCheckpoint = Type.Object({
  /** When the outcome stream was made that this is about; it says nothing of one that was made later. */
  outcomeEpochMs: Type.Integer({ minimum: 0 }),
  /** Every outcome up to this sequence of the outcome stream is done. */
  outcomeSequence: Type.Integer({ minimum: 0 }),
  /** Outputs of later outcomes that are at an agent's already, where one before them was refused: `<source>/<epoch>/<sequence>/<index>`. */
  ahead: Type.Optional(Type.Array(Type.String())),
});
export type RelayCheckpoint = Static<typeof RelayCheckpoint>;
