import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import type { Bus, StoredMessage } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { Outcome } from "@caxton/contracts/outcome";
import { checker } from "@caxton/contracts/schema";
import { outcomeStream } from "@caxton/contracts/subjects";

const outcomeChecker = checker("outcome", Outcome);
const absentRetryMs = 250;

export interface FollowedOutcome {
  /** Its sequence in the stream of outcomes, not of the message. */
  readonly position: number;
  /** undefined where what is stored there is no outcome. */
  readonly outcome: Outcome | undefined;
}

/** An agent's outcomes in stored order, from a position on; waits for the stream where there is none yet. */
export async function* followOutcomes(
  bus: Bus,
  agent: string,
  options: { readonly fromPosition?: number; readonly signal: AbortSignal },
): AsyncGenerator<FollowedOutcome, void> {
  const { fromPosition = 1, signal } = options;
  while (!signal.aborted) {
    try {
      for await (const stored of bus.streams.follow(outcomeStream(agent), { fromSequence: fromPosition, signal })) {
        yield { position: stored.sequence, outcome: readOutcome(stored) };
      }
    } catch (error) {
      if (!hasCode(error, "stream-not-found")) throw error;
      await delay(absentRetryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function readOutcome(stored: StoredMessage): Outcome | undefined {
  try {
    const value = decodeJson(stored.data);
    return outcomeChecker.matches(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
