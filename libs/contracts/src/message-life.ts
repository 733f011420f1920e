import Type, { type Static } from "./type.ts";
import { ResendRecord } from "./dead-letters.ts";
import { Attempt } from "./outcome.ts";
import { checker } from "./schema.ts";

const Sequence = Type.Integer({ minimum: 1 });

/** Where one output went. */
export const OutputPlace = Type.Object({
  index: Type.Integer({ minimum: 0 }),
  to: Type.Optional(Type.String({ description: "Another agent; absent for the outbox." })),
  kind: Type.String(),
  body: Type.String(),
  passedOn: Type.Boolean(),
  /** In the outbox, where it is still kept there. */
  outboxSequence: Type.Optional(Sequence),
});
export type OutputPlace = Static<typeof OutputPlace>;

/** All that is known of one message of an agent's inbox, as `caxton message` shows it. */
export const MessageLife = Type.Object({
  agent: Type.String(),
  epoch: Type.String(),
  sequence: Sequence,
  state: Type.Union([
    Type.Literal("handled"),
    Type.Literal("dead-lettered"),
    Type.Literal("pending"),
    /** Neither message nor outcome is kept any more. */
    Type.Literal("trimmed"),
  ]),
  kept: Type.Boolean({ description: "Whether the inbox still holds it." }),
  messageId: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  receivedAtMs: Type.Optional(Type.Number()),
  decidedAtMs: Type.Optional(Type.Number()),
  hops: Type.Optional(Type.Integer({ minimum: 0 })),
  headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  bodyBase64: Type.Optional(Type.String()),
  version: Type.Optional(Type.String({ description: "The version that handled it, or failed last." })),
  attempts: Type.Array(Attempt),
  outputs: Type.Array(OutputPlace),
  deadLetter: Type.Optional(Type.Object({ code: Type.String(), reason: Type.String() })),
  repeats: Type.Optional(Type.String({ description: "`<epoch>/<sequence>` of the dead letter that it repeats." })),
  /** The newest time that it was sent again. */
  resent: Type.Optional(ResendRecord),
  pendingBecause: Type.Optional(
    Type.String({ description: "Of a pending one: what is in its way, as far as can be seen." }),
  ),
});
export type MessageLife = Static<typeof MessageLife>;
export const messageLife = checker("message", MessageLife);
