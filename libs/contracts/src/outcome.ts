import Type, { type Static } from "./type.ts";

const VersionId = Type.String({ minLength: 1, maxLength: 100 });

export const Attempt = Type.Object({
  version: VersionId,
  routeRevision: Type.Integer({ minimum: 0 }),
  result: Type.Union([Type.Literal("handled"), Type.Literal("failed")]),
  /** Why it failed: a code of the error vocabulary. */
  code: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  /** Measured by the version's process; for a crash, by the router. */
  latencyMs: Type.Number({ minimum: 0 }),
  /** The version that the split named: it was full, or nobody answered there. */
  overflowedFrom: Type.Optional(VersionId),
});
export type Attempt = Static<typeof Attempt>;

export const Output = Type.Object({
  /** Another agent's inbox; without it the output goes to the outbox. */
  to: Type.Optional(Type.String()),
  kind: Type.String({ minLength: 1, maxLength: 64 }),
  /** JSON text. */
  body: Type.String(),
});
export type Output = Static<typeof Output>;

/** What a dead letter keeps of the message, so that it can be shown and sent again after the inbox was trimmed. */
export const DeadLetter = Type.Object({
  code: Type.String(),
  reason: Type.String(),
  headers: Type.Record(Type.String(), Type.String()),
  bodyBase64: Type.String(),
});
export type DeadLetter = Static<typeof DeadLetter>;

/**
 * The one durable record of what became of one message (DESIGN.md, rule 2). Stored at
 * `caxton.outcome.<agent>.<epoch>.<sequence>` as the first message of that subject, or not at all.
 */
export const Outcome = Type.Object({
  schemaVersion: Type.Literal(1),
  agent: Type.String(),
  epoch: Type.String(),
  sequence: Type.Integer({ minimum: 1 }),
  /** The producer's message id, else `<epoch>/<sequence>`. */
  messageId: Type.String(),
  result: Type.Union([Type.Literal("handled"), Type.Literal("dead-lettered")]),
  /** The version that made it; absent where no version was to blame or to thank. */
  version: Type.Optional(VersionId),
  attempts: Type.Array(Attempt),
  outputs: Type.Array(Output),
  deadLetter: Type.Optional(DeadLetter),
  hops: Type.Integer({ minimum: 0 }),
  /** When the message came into the inbox and when it was decided, Unix ms. */
  receivedAtMs: Type.Number(),
  decidedAtMs: Type.Number(),
  /** The trace the message came with, or was given here; its outputs carry children of it. */
  traceparent: Type.Optional(Type.String()),
  tracestate: Type.Optional(Type.String()),
});
export type Outcome = Static<typeof Outcome>;

/** An epoch is one life of the inbox stream, named by its creation time (DESIGN.md, rule 1). */
export function epochOf(streamCreatedAtMs: number): string {
  return String(Math.trunc(streamCreatedAtMs));
}
