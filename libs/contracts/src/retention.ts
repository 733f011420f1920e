import Type, { type Static, type TSchema } from "./type.ts";
import { checker } from "./schema.ts";

const Count = Type.Integer({ minimum: 0 });

/**
 * What keeps messages in a stream.
 * - `undecided`: a message of the inbox without an outcome; it and what came after it stays.
 * - `young`: it is done, and kept for a while.
 * - `in-inbox`: the outcome's message is still in the inbox.
 * - `lane`: the relay has not passed it; only outcomes that say something to that lane stay.
 * - `not-counted`: the ledger has not read it.
 * - `dead-letter`: nobody has sent it again.
 * - `unreadable`: what is stored there is no outcome.
 * - `account`: the ledger's account does not fit into a message, so nothing may go.
 * - `consumer`: a durable consumer of the outbox has not acknowledged it.
 * - `last`: the last output always stays.
 * - `due`: nothing; it goes with one of the next steps.
 */
const HoldKind = Type.Enum([
  "undecided",
  "young",
  "in-inbox",
  "lane",
  "not-counted",
  "dead-letter",
  "unreadable",
  "account",
  "consumer",
  "last",
  "due",
]);

export const Hold = Type.Object({
  kind: HoldKind,
  /** The first sequence of the stream that it keeps. */
  sequence: Count,
  /** In words, with its numbers. */
  message: Type.String(),
  /** The lane or consumer, where it is one. */
  by: Type.Optional(Type.String()),
});
export type Hold = Static<typeof Hold>;

/** Why a ledger keeps what a stream holds. */
export const Kept = Type.Object({
  /** How long what is done is kept now, in ms. */
  keptMs: Type.Number({ minimum: 0 }),
  /** It is nearly full, or its agent's other stream is: what is done is kept for a shorter time. */
  pressed: Type.Boolean(),
  /** First what keeps the oldest, then what else would. Empty where the stream is. */
  holds: Type.Array(Hold),
});
export type Kept = Static<typeof Kept>;

/** Of an agent's three streams; absent where there is none. */
const perStream = <Schema extends TSchema>(schema: Schema) => ({
  inbox: Type.Optional(schema),
  outcomes: Type.Optional(schema),
  outbox: Type.Optional(schema),
});

/** The answer to a request on `caxton.retention.<agent>`; the request's own body is not read. */
export const RetentionAnswer = Type.Union([
  Type.Object({ ok: Type.Literal(true), kept: Type.Object(perStream(Kept)) }),
  Type.Object({ ok: Type.Literal(false), error: Type.Object({ code: Type.String(), message: Type.String() }) }),
]);
export type RetentionAnswer = Static<typeof RetentionAnswer>;
export const retentionAnswer = checker("retention answer", RetentionAnswer);

export const StreamRetention = Type.Object({
  stream: Type.String(),
  firstSequence: Count,
  lastSequence: Count,
  messages: Count,
  bytes: Count,
  /** As the stream has it; -1: no limit. */
  maxBytes: Type.Integer(),
  /** Likewise; absent where there is no limit. */
  maxMessages: Type.Optional(Type.Integer()),
  maxMessageBytes: Type.Integer(),
  /** When the oldest was stored, Unix ms; absent where the stream is empty. */
  firstStoredAtMs: Type.Optional(Type.Number()),
  /** Absent where no ledger says why. */
  kept: Type.Optional(Kept),
});
export type StreamRetention = Static<typeof StreamRetention>;

/** What of an agent is kept on the bus, how much fits, and why it is kept. */
export const Retention = Type.Object({
  agent: Type.String(),
  ...perStream(StreamRetention),
  /** Why no stream has `kept`: no ledger answers, or what it answered. */
  unexplained: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
  asOfMs: Type.Number(),
});
export type Retention = Static<typeof Retention>;
export const retention = checker("the retention", Retention);
