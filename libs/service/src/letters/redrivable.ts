import type { Bus } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import type { Outcome } from "@caxton/contracts/outcome";
import { redrivableResult } from "@caxton/contracts/redrive";
import { outcomeStream } from "@caxton/contracts/subjects";
import { readOutcome } from "../outcomes.ts";

/** A message that a version handled or failed, and no other handled instead. */
export interface Redrivable {
  /** Of its outcome. */
  readonly position: number;
  readonly outcome: Outcome;
}

export interface RedrivableOptions {
  /** The first position wanted. */
  readonly fromPosition: number;
  /** When the stream of outcomes was made. */
  readonly outcomeEpochMs: number;
  readonly signal: AbortSignal;
}

/** In the order they were decided; one at a time in memory, however many there are. */
export async function* redrivable(
  bus: Bus,
  agent: string,
  version: string,
  { fromPosition, outcomeEpochMs, signal }: RedrivableOptions,
): AsyncGenerator<Redrivable, void> {
  const range = { fromSequence: fromPosition, epochMs: outcomeEpochMs, signal };
  try {
    for await (const { sequence, data } of bus.streams.read(outcomeStream(agent), range)) {
      const outcome = readOutcome(data);
      if (outcome !== undefined && redrivableResult(outcome, version) !== undefined) {
        yield { position: sequence, outcome };
      }
    }
  } catch (error) {
    if (!hasCode(error, "stream-not-found")) throw error;
  }
}
