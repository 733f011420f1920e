/** Which output of which outcome: the outcome's sequence in its stream and the output's index. */
export interface RelayPosition {
  readonly outcomeSequence: number;
  readonly index: number;
}

/** As in the header `Caxton-Relay-Position`: `<outcome sequence>.<index>`. */
export function positionText(position: RelayPosition): string {
  return `${position.outcomeSequence}.${position.index}`;
}

export function parsePosition(text: string | undefined): RelayPosition | undefined {
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(text ?? "");
  if (match === null) return undefined;
  return { outcomeSequence: Number(match[1]), index: Number(match[2]) };
}

/** Where to go on, knowing that every outcome up to `checkpoint` is done and, in order, everything up to `tail`. */
export function resumeAfter(checkpoint: number, tail: RelayPosition | undefined): RelayPosition {
  if (tail === undefined || tail.outcomeSequence <= checkpoint) return { outcomeSequence: checkpoint, index: Infinity };
  return tail;
}

export function isDone(done: RelayPosition, outcomeSequence: number, index: number): boolean {
  if (outcomeSequence !== done.outcomeSequence) return outcomeSequence < done.outcomeSequence;
  return index <= done.index;
}
