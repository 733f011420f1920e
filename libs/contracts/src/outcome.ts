import Type, { type Static } from "./type.ts";

const versionId = { minLength: 1, maxLength: 100 };
const VersionId = Type.String(versionId);

export const Attempt = Type.Object({
  version: VersionId,
  routeRevision: Type.Integer({ minimum: 0 }),
  result: Type.Union([Type.Literal("handled"), Type.Literal("failed")]),
  code: Type.Optional(Type.String({ description: "Why it failed: a code of the error vocabulary." })),
  reason: Type.Optional(Type.String()),
  latencyMs: Type.Number({ minimum: 0, description: "Measured by the version's process; for a crash, by the router." }),
  overflowedFrom: Type.Optional(
    Type.String({
      ...versionId,
      description:
        "The version that the split named: it was full, nobody answered there, or it did not come to the message.",
    }),
  ),
});
export type Attempt = Static<typeof Attempt>;

export const Output = Type.Object({
  to: Type.Optional(Type.String({ description: "Another agent's inbox; without it the output goes to the outbox." })),
  kind: Type.String({ minLength: 1, maxLength: 64 }),
  body: Type.String({ description: "JSON text." }),
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
  messageId: Type.String({ description: "The producer's message id, else `<epoch>/<sequence>`." }),
  result: Type.Union([Type.Literal("handled"), Type.Literal("dead-lettered")]),
  version: Type.Optional(
    Type.String({ ...versionId, description: "That made it; absent where no version was to blame or to thank." }),
  ),
  attempts: Type.Array(Attempt),
  outputs: Type.Array(Output),
  deadLetter: Type.Optional(DeadLetter),
  hops: Type.Integer({ minimum: 0 }),
  receivedAtMs: Type.Number({ description: "When the message came into the inbox, Unix ms." }),
  decidedAtMs: Type.Number({ description: "When the outcome was decided, Unix ms." }),
  traceparent: Type.Optional(
    Type.String({
      description: "The trace the message came with, or was given here; its outputs carry children of it.",
    }),
  ),
  tracestate: Type.Optional(Type.String()),
});
export type Outcome = Static<typeof Outcome>;

/** An epoch is one life of the inbox stream, named by its creation time (DESIGN.md, rule 1). */
export function epochOf(streamCreatedAtMs: number): string {
  return String(Math.trunc(streamCreatedAtMs));
}
