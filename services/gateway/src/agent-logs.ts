import { jsonOrUndefined } from "@caxton/bus/json";
import type { Bus, StoredMessage } from "@caxton/bus/types";
import { agentLogBatch } from "@caxton/contracts/agent-log";
import { hasCode } from "@caxton/contracts/errors";
import { logStream, logSubject } from "@caxton/contracts/subjects";
import { followStream } from "@caxton/service/follow-stream";
import { positionAt } from "@caxton/service/position-at";
import { type LogEntry, type LogFilter, Newest, wantedLines } from "./core/log-filter.ts";

export interface LogRange {
  readonly agent: string;
  readonly filter: LogFilter;
  /** Most of those stored already. */
  readonly limit: number;
  readonly follow: boolean;
  /** Stored after this position; nothing of `limit` is left out then. */
  readonly afterPosition?: number;
}

/** A line is stored a little after it was said, and clocks differ. */
const clockSlackMs = 60_000;

/** What an agent logged: the newest that are stored, in order, then what comes where that is wanted, until `signal` aborts. */
export async function* readLogs(bus: Bus, range: LogRange, signal: AbortSignal): AsyncGenerator<LogEntry> {
  const { agent, filter, follow } = range;
  const filterSubject = logSubject(agent, "*");
  let fromSequence = (range.afterPosition ?? 0) + 1;
  if (range.afterPosition === undefined && filter.sinceMs > 0)
    fromSequence = await positionAt(bus.streams, logStream, filter.sinceMs - clockSlackMs);
  const stored = new Newest<LogEntry>(range.afterPosition === undefined ? range.limit : Number.MAX_SAFE_INTEGER);
  try {
    for await (const message of bus.streams.read(logStream, { fromSequence, filterSubject, signal })) {
      stored.add(linesOf(message, filter));
      fromSequence = message.sequence + 1;
    }
  } catch (error) {
    // Nothing was ever logged here.
    if (!hasCode(error, "stream-not-found")) throw error;
  }
  yield* stored.take();
  if (!follow) return;
  for await (const message of followStream(bus.streams, logStream, { fromSequence, filterSubject, signal })) {
    yield* linesOf(message, filter);
  }
}

function linesOf(message: StoredMessage, filter: LogFilter): LogEntry[] {
  const body = jsonOrUndefined(message.data);
  // What somebody else published there is no log line.
  return agentLogBatch.matches(body) ? wantedLines(body, message.sequence, filter) : [];
}
