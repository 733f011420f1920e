import { jsonOrUndefined } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { Outcome } from "@caxton/contracts/outcome";
import { checker } from "@caxton/contracts/schema";
import { outcomeStream } from "@caxton/contracts/subjects";
import { followStream } from "./follow-stream.ts";

const outcomeChecker = checker("outcome", Outcome);

export interface FollowedOutcome {
  /** Its sequence in the stream of outcomes, not of the message. */
  readonly position: number;
  /** Unix ms, by the server's clock: never less than that of the one before. */
  readonly storedAtMs: number;
  /** undefined where what is stored there is no outcome. */
  readonly outcome: Outcome | undefined;
}

export interface FollowOutcomesOptions {
  readonly fromPosition?: number;
  /** How late an outcome may come so that several come at once: `FollowOptions`. */
  readonly gatherMs: number;
  readonly signal: AbortSignal;
  /** Called once, when those have been yielded that were stored at the time of the call. */
  readonly onCaughtUp?: () => void;
}

/** An agent's outcomes in stored order, from a position on; waits for the stream where there is none yet. */
export async function* followOutcomes(
  bus: Bus,
  agent: string,
  { fromPosition = 1, gatherMs, signal, onCaughtUp = () => undefined }: FollowOutcomesOptions,
): AsyncGenerator<FollowedOutcome, void> {
  const wanted = { fromSequence: fromPosition, gatherMs, signal, onCaughtUp };
  for await (const stored of followStream(bus.streams, outcomeStream(agent), wanted)) {
    const { sequence: position, storedAtMs } = stored;
    yield { position, storedAtMs, outcome: readOutcome(stored.data) };
  }
}

/** undefined where what is stored is no outcome. */
export function readOutcome(data: Uint8Array): Outcome | undefined {
  const value = jsonOrUndefined(data);
  return outcomeChecker.matches(value) ? value : undefined;
}
