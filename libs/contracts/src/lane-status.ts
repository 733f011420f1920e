import Type, { type Static } from "./type.ts";

/** Why something waits: a code of the error vocabulary, and a sentence for people. */
const Reason = Type.Object({ code: Type.String(), message: Type.String() });

/** One version of the route, as one router sees it. */
export const VersionLaneStatus = Type.Object({
  version: Type.String(),
  /** Somebody answers, as far as is known. */
  available: Type.Boolean(),
  /** Messages this router holds for it: waiting, asked, or to be asked again. */
  held: Type.Integer({ minimum: 0 }),
  /** Requests without an answer yet. */
  inFlight: Type.Integer({ minimum: 0 }),
  /** Messages the split meant for it that went to another version, since the router began. */
  overflowed: Type.Integer({ minimum: 0 }),
});
export type VersionLaneStatus = Static<typeof VersionLaneStatus>;

/** Where this router's relay carries an agent's outputs; without `target`'s lane being held up there is no `waitsFor`. */
export const RelayLaneStatus = Type.Object({
  /** `outbox`, or the agent whose inbox it is. */
  target: Type.String(),
  waitsFor: Type.Optional(Type.Object({ code: Type.String(), message: Type.String(), sinceMs: Type.Number() })),
  /** Outcomes not carried on yet. */
  behind: Type.Integer({ minimum: 0 }),
});
export type RelayLaneStatus = Static<typeof RelayLaneStatus>;

/** Bucket `caxton-lanes` (TTL), key `<agent>.<router>`: what a router does for an agent, on change and every 3 s. */
export const LaneStatus = Type.Object({
  agent: Type.String(),
  router: Type.String(),
  routeRevision: Type.Integer({ minimum: 0 }),
  /** `waiting`: it takes nothing out of the inbox; `reason` says why. */
  state: Type.Union([Type.Literal("pulling"), Type.Literal("waiting")]),
  reason: Type.Optional(Reason),
  /** Messages taken out of the inbox and not decided yet. */
  held: Type.Integer({ minimum: 0 }),
  versions: Type.Array(VersionLaneStatus),
  /** Only from the router whose relay the agent has. */
  relay: Type.Optional(Type.Array(RelayLaneStatus)),
  atMs: Type.Number(),
});
export type LaneStatus = Static<typeof LaneStatus>;

/** A record that was not refreshed for so long is gone, its router with it. */
export const laneStatusTtlMs = 10_000;
