import Type, { type Static } from "./type.ts";
import { checker } from "./schema.ts";

/** Most letters in one answer. */
export const deadLettersMax = 1_000;

/** Asked on `caxton.deadletters.<agent>`: which of the dead letters that are kept. */
export const DeadLettersRequest = Type.Object(
  {
    code: Type.Optional(Type.String()),
    version: Type.Optional(Type.String({ description: "The beginning of its id will do." })),
    epoch: Type.Optional(Type.String()),
    sinceMs: Type.Optional(Type.Number({ description: "Decided at or after, Unix ms." })),
    afterPosition: Type.Optional(
      Type.Integer({ minimum: 0, description: "The first that fit after this position; the newest unless given." }),
    ),
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
  position: Type.Integer({ minimum: 1, description: "The sequence of its outcome in the stream of outcomes." }),
  code: Type.String(),
  reason: Type.String({ description: "Cut where it is long." }),
  version: Type.Optional(Type.String()),
  attempts: Type.Integer({ minimum: 0 }),
  decidedAtMs: Type.Number(),
});
export type DeadLetterEntry = Static<typeof DeadLetterEntry>;

export const DeadLettersAnswer = Type.Union([
  Type.Object({
    ok: Type.Literal(true),
    letters: Type.Array(DeadLetterEntry),
    total: Type.Integer({ minimum: 0, description: "How many fit, whatever the limit." }),
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
  toEpoch: Type.String({ description: "The life of the inbox it was sent to, and its last sequence just before." }),
  beyond: Type.Integer({ minimum: 0 }),
  sequence: Type.Optional(
    Type.Integer({ minimum: 1, description: "Where it stands in the inbox; absent until that is known." }),
  ),
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
