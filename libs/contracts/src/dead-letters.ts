import Type, { type Static } from "./type.ts";
import { checker } from "./schema.ts";

/** Most letters in one answer. */
export const deadLettersMax = 1_000;

/** Asked on `caxton.deadletters.<agent>`: which of the dead letters that are kept. */
export const DeadLettersRequest = Type.Object(
  {
    code: Type.Optional(Type.String()),
    /** The beginning of its id will do. */
    version: Type.Optional(Type.String()),
    epoch: Type.Optional(Type.String()),
    /** Decided at or after, Unix ms. */
    sinceMs: Type.Optional(Type.Number()),
    /** The first that fit after this position; the newest unless given. */
    afterPosition: Type.Optional(Type.Integer({ minimum: 0 })),
    limit: Type.Integer({ minimum: 1, maximum: deadLettersMax }),
  },
  { additionalProperties: false },
);
export type DeadLettersRequest = Static<typeof DeadLettersRequest>;
export const deadLettersRequest = checker("dead letters request", DeadLettersRequest, "invalid-argument");

/** What a ledger remembers of a dead letter; the rest is in its outcome. */
export const DeadLetterEntry = Type.Object({
  epoch: Type.String(),
  sequence: Type.Integer({ minimum: 1 }),
  /** The sequence of its outcome in the stream of outcomes. */
  position: Type.Integer({ minimum: 1 }),
  code: Type.String(),
  /** Cut where it is long. */
  reason: Type.String(),
  version: Type.Optional(Type.String()),
  attempts: Type.Integer({ minimum: 0 }),
  decidedAtMs: Type.Number(),
});
export type DeadLetterEntry = Static<typeof DeadLetterEntry>;

export const DeadLettersAnswer = Type.Union([
  Type.Object({
    ok: Type.Literal(true),
    letters: Type.Array(DeadLetterEntry),
    /** How many fit, whatever the limit. */
    total: Type.Integer({ minimum: 0 }),
  }),
  Type.Object({ ok: Type.Literal(false), error: Type.Object({ code: Type.String(), message: Type.String() }) }),
]);
export type DeadLettersAnswer = Static<typeof DeadLettersAnswer>;
export const deadLettersAnswer = checker("dead letters answer", DeadLettersAnswer);

/**
 * Bucket `caxton-resends`, key `<agent>.<epoch>.<sequence>`: the newest time that a dead letter was sent again. Written
 * before the message is published, so that nobody sends it twice without wanting to, in any window.
 */
export const ResendRecord = Type.Object({
  attempt: Type.Integer({ minimum: 1 }),
  actor: Type.String(),
  reason: Type.String(),
  atMs: Type.Number(),
  /** The life of the inbox it was sent to, and its last sequence just before. */
  toEpoch: Type.String(),
  beyond: Type.Integer({ minimum: 0 }),
  /** Where it stands in the inbox; absent until that is known. */
  sequence: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type ResendRecord = Static<typeof ResendRecord>;
export const resendRecord = checker("resend record", ResendRecord);

/** The message id of a dead letter that is sent again. */
export function resendId(agent: string, epoch: string, sequence: number, attempt: number): string {
  return `resend/${agent}/${epoch}/${sequence}/${attempt}`;
}

/** Which message a message id of `resendId` repeats: `<epoch>/<sequence>`. */
export function repeatedBy(agent: string, messageId: string): string | undefined {
  const match = /^resend\/([^/]+)\/(\d{1,15})\/(\d{1,15})\/\d{1,9}$/.exec(messageId);
  return match !== null && match[1] === agent ? `${match[2]}/${match[3]}` : undefined;
}
