import { VersionCount } from "./ledger.ts";
import { checker } from "./schema.ts";
import Type, { type Static } from "./type.ts";

const Count = Type.Integer({ minimum: 0 });

/** A set of sequences, written down: every sequence below `floor`, and the pages above it that are not complete. */
export const SavedSequences = Type.Object({
  size: Count,
  floor: Type.Integer({ minimum: 1 }),
  highest: Count,
  /** Page number, and its bits in base64; undefined bits: it is complete. */
  pages: Type.Array(Type.Object({ page: Count, count: Count, bits: Type.Optional(Type.String()) })),
});
export type SavedSequences = Static<typeof SavedSequences>;

export const SavedAccount = Type.Array(
  Type.Object({
    epoch: Type.String(),
    decided: SavedSequences,
    handled: Count,
    deadLettered: Count,
    versions: Type.Array(VersionCount),
    deadLetters: Type.Record(Type.String(), Count),
  }),
);
export type SavedAccount = Static<typeof SavedAccount>;

/** Bucket `caxton-ledger`, key `<agent>`: what a ledger knew before it trimmed, so that the next one knows it too. */
export const LedgerCheckpoint = Type.Object({
  /** When the stream of outcomes was made that `position` is about. */
  outcomeEpochMs: Count,
  /** Every outcome up to this position is in the account. */
  position: Count,
  account: SavedAccount,
});
export type LedgerCheckpoint = Static<typeof LedgerCheckpoint>;
export const ledgerCheckpoint = checker("ledger checkpoint", LedgerCheckpoint);
