import Type, { type Static } from "./type.ts";
import { checker } from "./schema.ts";

const Count = Type.Integer({ minimum: 0 });
const count = (description: string) => Type.Integer({ minimum: 0, description });

/** Why a version failed on messages, and on which: those of one code together. */
export const VersionFailure = Type.Object({
  code: Type.String(),
  reason: Type.String({ description: "Of the first of them." }),
  count: Count,
  sequences: Type.Array(Type.Integer({ minimum: 1 }), { description: "The first few of them." }),
});
export type VersionFailure = Static<typeof VersionFailure>;

/** What one version did of the messages of one inbox. */
export const VersionCount = Type.Object({
  version: Type.String(),
  handled: Count,
  deadLettered: Count,
  failed: Type.Optional(
    count(
      "Messages that it failed on at least once, but for those below that another version failed on too. Absent: 0.",
    ),
  ),
  fallbacks: Type.Optional(count("Of those, handled by the stable version.")),
  messageAtFault: Type.Optional(
    count("It was asked first, and another version failed on them as well: the messages' fault."),
  ),
  overflow: Type.Optional(count("Meant for it, which was full or away.")),
  failures: Type.Optional(
    Type.Array(VersionFailure, {
      description: "Everything it failed on, the messages' own faults too. Absent: nothing.",
    }),
  ),
  firstAtMs: Type.Number({ description: "When its first and last outcomes were decided, Unix ms." }),
  lastAtMs: Type.Number(),
});
export type VersionCount = Static<typeof VersionCount>;

/** Something that cannot be counted right; `code` is of the error vocabulary. */
export const LedgerFault = Type.Object({ code: Type.String(), message: Type.String() });
export type LedgerFault = Static<typeof LedgerFault>;

/** Where every accepted message of an agent is: `accepted = handled + deadLettered + pending` unless `faults` says why not. */
export const Ledger = Type.Object({
  agent: Type.String(),
  epoch: Type.String(),
  accepted: Count,
  handled: Count,
  deadLettered: Count,
  pending: Count,
  oldestPending: Type.Optional(
    Type.Integer({ minimum: 1, description: "Sequence of the oldest message without an outcome." }),
  ),
  versions: Type.Array(VersionCount),
  deadLetters: Type.Record(Type.String(), Count, { description: "Dead letters by their code." }),
  /** Earlier lives of the inbox, whose sequences are other messages. */
  earlierEpochs: Type.Array(Type.Object({ epoch: Type.String(), handled: Count, deadLettered: Count })),
  faults: Type.Array(LedgerFault),
  /** Stored outcomes that this ledger has not read yet: until it has, they count as pending. */
  unreadOutcomes: Count,
  asOfMs: Type.Number(),
});
export type Ledger = Static<typeof Ledger>;
export const ledgerSchema = checker("the ledger", Ledger);

/** The answer to a request on `caxton.ledger.<agent>`; the request's own body is not read. */
export const LedgerAnswer = Type.Union([
  Type.Object({ ok: Type.Literal(true), ledger: Ledger }),
  Type.Object({ ok: Type.Literal(false), error: Type.Object({ code: Type.String(), message: Type.String() }) }),
]);
export type LedgerAnswer = Static<typeof LedgerAnswer>;
export const ledgerAnswer = checker("ledger answer", LedgerAnswer);
