/** Where an outcome is. */
export interface OutcomePlace {
  /** When the outcome stream was made: one that is made again counts from 1. */
  readonly outcomeEpochMs: number;
  /** Its sequence in that stream. */
  readonly outcomeSequence: number;
}

/** Which output of which outcome. */
export interface RelayPosition extends OutcomePlace {
  readonly index: number;
}

/** As in the header `Caxton-Relay-Position`: `<outcome epoch>.<outcome sequence>.<index>`. */
export function positionText(position: RelayPosition): string {
  return `${position.outcomeEpochMs}.${position.outcomeSequence}.${position.index}`;
}

export function parsePosition(text: string | undefined): RelayPosition | undefined {
  const match = /^(\d{1,15})\.(\d{1,15})\.(\d{1,9})$/.exec(text ?? "");
  if (match === null) return undefined;
  return { outcomeEpochMs: Number(match[1]), outcomeSequence: Number(match[2]), index: Number(match[3]) };
}

/**
 * Where to go on in the outcome stream made at `outcomeEpochMs`, knowing that every outcome up to `checkpoint` is done and, in
 * order, everything up to `tail`. What is said of an earlier life of the stream counts for nothing.
 */
export function resumeAfter(
  outcomeEpochMs: number,
  checkpoint: OutcomePlace | undefined,
  tail: RelayPosition | undefined,
): RelayPosition {
  const done = checkpoint?.outcomeEpochMs === outcomeEpochMs ? checkpoint.outcomeSequence : 0;
  if (tail?.outcomeEpochMs === outcomeEpochMs && tail.outcomeSequence > done) return tail;
  return { outcomeEpochMs, outcomeSequence: done, index: Infinity };
}

export function isDone(done: RelayPosition, outcomeSequence: number, index: number): boolean {
  if (outcomeSequence !== done.outcomeSequence) return outcomeSequence < done.outcomeSequence;
  return index <= done.index;
}
