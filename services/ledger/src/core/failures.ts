import type { VersionFailure } from "@caxton/contracts/ledger";

/** So many kinds of failure of one version are told apart, and so many messages of each are named. */
const kindsMax = 8;
const namedMax = 3;
const reasonMaxCharacters = 300;

export interface Failed {
  readonly code: string;
  readonly reason: string;
  readonly sequence: number;
}

/** The failures of a version by code, the first reason of each, and the messages to look at; bounded, whatever comes. */
export function withFailure(known: readonly VersionFailure[], { code, reason, sequence }: Failed): VersionFailure[] {
  const index = known.findIndex((one) => one.code === code);
  const before = known[index];
  if (before === undefined) {
    if (known.length >= kindsMax) return [...known];
    return [...known, { code, reason: reason.slice(0, reasonMaxCharacters), count: 1, sequences: [sequence] }];
  }
  const sequences = before.sequences.length < namedMax ? [...before.sequences, sequence] : before.sequences;
  return known.with(index, { ...before, count: before.count + 1, sequences });
}
