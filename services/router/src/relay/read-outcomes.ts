import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import type { Outcome } from "@caxton/contracts/outcome";
import { outcomeStream } from "@caxton/contracts/subjects";
import type { OutcomeFeed } from "./outcome-feed.ts";

export interface OutcomeRun {
  /** Of the first; in a run of several each has the next sequence. */
  readonly sequence: number;
  readonly outcomes: readonly Outcome[];
}

export interface ReadOutcomes {
  readonly bus: Bus;
  readonly feed: OutcomeFeed;
  readonly agent: string;
  readonly fromSequence: number;
  /** The life of the outcome stream that is meant. */
  readonly epochMs: number;
  readonly signal: AbortSignal;
}

/** Nothing from this process for so long: perhaps others store. */
const idleMs = 25;
/** Of what other routers store, which comes one by one. */
const gatherMs = 2;

/**
 * An agent's outcomes in the order of their stream, without gap or repeat, until `signal` aborts: out of this process's own
 * feed while it stores one after the other, else by following the stream.
 * @throws CaxtonError as `Streams.follow` does
 */
export async function* readOutcomes(options: ReadOutcomes): AsyncGenerator<OutcomeRun, void> {
  const { bus, feed, agent, epochMs, signal } = options;
  const reader = feed.reader(options.fromSequence, { idleMs, signal });
  try {
    while (!signal.aborted && bus.status !== "closed") {
      const wanted = { fromSequence: reader.next, epochMs, gatherMs, signal };
      for await (const { sequence, data } of bus.streams.follow(outcomeStream(agent), wanted)) {
        yield { sequence, outcomes: [readOutcome(data)] };
        if (reader.passed(sequence)) break;
      }
      let sequence = reader.next;
      let outcomes: readonly Outcome[] | undefined;
      while (!signal.aborted && (outcomes = await reader.take()) !== undefined) {
        yield { sequence, outcomes };
        sequence = reader.next;
      }
    }
  } finally {
    reader.close();
  }
}

/** Written by our routers only; what is read here was checked when it was made. */
function readOutcome(data: Uint8Array): Outcome {
  const value = decodeJson(data);
  if (isOutcome(value)) return value;
  throw new CaxtonError("internal", "an outcome stream holds something that is no outcome");
}

function isOutcome(value: unknown): value is Outcome {
  return (
    typeof value === "object" &&
    value !== null &&
    "schemaVersion" in value &&
    value.schemaVersion === 1 &&
    "outputs" in value
  );
}
