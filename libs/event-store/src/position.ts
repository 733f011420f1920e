import { CaxtonError } from "@caxton/contracts/errors";

/** Where an event lies: the sequence of its append in the whole store, and its place inside that append. */
export interface Position {
  readonly sequence: number;
  readonly index: number;
}

export function formatPosition(position: Position): string {
  return `${position.sequence}-${position.index}`;
}

/** @throws CaxtonError `invalid-argument` for what no store of ours ever gave out */
export function parsePosition(value: string): Position {
  const [, sequence, index] = /^([1-9]\d{0,15})-(\d{1,9})$/.exec(value) ?? [];
  if (sequence === undefined || index === undefined) {
    throw new CaxtonError(
      "invalid-argument",
      `'${value.slice(0, 80)}' is no position: use one that an event came with`,
    );
  }
  return { sequence: Number(sequence), index: Number(index) };
}
