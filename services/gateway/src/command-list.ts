import { jsonOrUndefined } from "@caxton/bus/json";
import type { Bus, StoredMessage } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { isUuid } from "@caxton/contracts/schema";
import { answerStream, answerSubject, commandConsumer, commandStream } from "@caxton/contracts/subjects";
import { followStream } from "@caxton/service/follow-stream";
import { answeredEntry, type CommandEntry, type CommandFilter, isWanted, waitingEntry } from "./core/command-entry.ts";
import { Newest } from "./core/log-filter.ts";

export interface CommandRange {
  readonly filter: CommandFilter;
  /** Most of those answered already. */
  readonly limit: number;
  readonly follow: boolean;
  /** Answered after this position; nothing of `limit` is left out then. */
  readonly afterPosition?: number;
}

/** Most that are looked at among those that nobody has taken yet. */
const waitingMax = 1_000;

/** Commands and what was answered: the newest, in order, then those that wait unless it goes on, then what comes where that is wanted. */
export async function* listCommands(bus: Bus, range: CommandRange, signal: AbortSignal): AsyncGenerator<CommandEntry> {
  const { filter, follow, afterPosition } = range;
  let fromSequence = (afterPosition ?? 0) + 1;
  const newest = new Newest<CommandEntry>(afterPosition === undefined ? range.limit : Number.MAX_SAFE_INTEGER);
  try {
    for await (const message of bus.streams.read(answerStream, { fromSequence, signal })) {
      newest.add(wanted(message, filter));
      fromSequence = message.sequence + 1;
    }
    yield* newest.take();
    const unanswered = afterPosition === undefined ? await waiting(bus, signal) : [];
    yield* unanswered.filter((entry) => isWanted(entry, filter));
  } catch (error) {
    // No orchestrator has ever run here.
    if (!hasCode(error, "stream-not-found")) throw error;
  }
  if (!follow) return;
  for await (const message of followStream(bus.streams, answerStream, { fromSequence, signal })) {
    yield* wanted(message, filter);
  }
}

function wanted(message: StoredMessage, filter: CommandFilter): readonly CommandEntry[] {
  const entry = answeredEntry(message, jsonOrUndefined(message.data));
  return entry !== undefined && isWanted(entry, filter) ? [entry] : [];
}

/** Those behind the last that orchestrators have done with, and without an answer. */
async function waiting(bus: Bus, signal: AbortSignal): Promise<readonly CommandEntry[]> {
  const consumers = await bus.streams.consumers(commandStream);
  const fromSequence = (consumers.find(({ name }) => name === commandConsumer)?.ackFloor ?? 0) + 1;
  const found: CommandEntry[] = [];
  let looked = 0;
  for await (const message of bus.streams.read(commandStream, { fromSequence, signal })) {
    looked += 1;
    const id = idOf(message);
    const [, , principal = ""] = message.subject.split(".");
    const answer = await bus.streams.last(answerStream, answerSubject(principal, id));
    if (answer === undefined) found.push(waitingEntry(message, id));
    if (looked === waitingMax) break;
  }
  return found;
}

function idOf({ data, sequence }: StoredMessage): string {
  const json = jsonOrUndefined(data);
  const id = typeof json === "object" && json !== null && "id" in json ? json.id : undefined;
  return typeof id === "string" && isUuid(id) ? id : `seq-${sequence}`;
}
