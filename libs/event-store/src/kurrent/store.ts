import { hasCode } from "@caxton/contracts/errors";
import { type AppendStreamState, NO_STREAM, WrongExpectedVersionError } from "@kurrent/kurrentdb-client";
import { setTimeout as delay } from "node:timers/promises";
import { firstRevisionAfter, isSameEvents, requireAppend, requireAppendSize, wrongRevision } from "../append-check.ts";
import type { EventStore, ExpectedRevision, NewEvent, RecordedEvent } from "../port.ts";
import { Connection, withoutSecrets } from "./connection.ts";
import { actualRevision, isAway, toStoreError } from "./errors.ts";
import { readStream } from "./read.ts";
import { appendBytes, toServerEvent, withServerIds } from "./record.ts";
import { subscribeAll } from "./subscribe.ts";

export interface KurrentOptions {
  /** Most bytes of one append, data and metadata of all its events; the server's own bound, 1 MiB, unless given. */
  readonly maxAppendBytes?: number;
  /** How long an append is tried before `store-unavailable`; 10 000 unless given. */
  readonly appendTimeoutMs?: number;
  /** How long one try waits for its answer, and a read for its next event; 3 000 unless given. */
  readonly answerTimeoutMs?: number;
  /** A subscription to which nothing came for so long is made again, since it may be dead; 5 000 unless given. */
  readonly quietMaxMs?: number;
}

const retryAfterMs = 100;

/** No stream is no events. */
async function found(events: AsyncIterable<RecordedEvent>): Promise<readonly RecordedEvent[]> {
  try {
    return await Array.fromAsync(events);
  } catch (error) {
    if (hasCode(error, "stream-not-found")) return [];
    throw error;
  }
}

/**
 * KurrentDB (EventStoreDB) by its connection string. Nothing is connected before the first operation.
 * @throws CaxtonError `invalid-argument` for what is no connection string
 */
export function createKurrentEventStore(url: string, options: KurrentOptions = {}): EventStore {
  const {
    maxAppendBytes = 1024 * 1024,
    appendTimeoutMs = 10_000,
    answerTimeoutMs = 3_000,
    quietMaxMs = 5_000,
  } = options;
  const connection = new Connection(url);
  const where = `the event store ${withoutSecrets(url)}`;
  const closed = new AbortController();
  const reading = { connection, where, answerTimeoutMs, quietMaxMs, closed: closed.signal };

  async function append(
    stream: string,
    expected: ExpectedRevision,
    given: readonly NewEvent[],
  ): Promise<{ readonly revision: number }> {
    requireAppend(stream, expected, given);
    const events = withServerIds(given);
    // Ids that differ in case only are one id.
    requireAppend(stream, expected, events);
    const data = events.map(toServerEvent);
    requireAppendSize(stream, appendBytes(data), maxAppendBytes);
    // Always an exact revision: with it the server recognises a repeat for good, with ANY only until it restarts.
    let streamState: AppendStreamState = expected === "no-stream" ? NO_STREAM : BigInt(expected);
    const deadlineMs = performance.now() + appendTimeoutMs;
    for (;;) {
      try {
        const leftMs = Math.max(1, Math.min(answerTimeoutMs, deadlineMs - performance.now()));
        const { nextExpectedRevision } = await connection.append(stream, data, streamState, leftMs);
        return { revision: Number(nextExpectedRevision) };
      } catch (error) {
        if (error instanceof WrongExpectedVersionError) {
          const settled = await settle(stream, expected, events, error);
          if (settled.isStored) return { revision: settled.revision };
          streamState = BigInt(settled.revision);
          continue;
        }
        // Whether it was stored is open; the same ids at the same revision make trying again harmless.
        if (!isAway(error) || closed.signal.aborted || performance.now() + retryAfterMs >= deadlineMs)
          throw toStoreError(error, where);
        await delay(retryAfterMs, undefined, { signal: closed.signal }).catch(() => undefined);
      }
    }
  }

  /**
   * Refused: by somebody else's events, by our own that an earlier try left there, or by events of another writer, which
   * nobody who decided on the stream has seen or will see; then it goes behind them.
   * @returns the revision of the last of our events, or the one to go behind
   * @throws CaxtonError `wrong-revision`
   */
  async function settle(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    error: WrongExpectedVersionError,
  ): Promise<{ readonly isStored: boolean; readonly revision: number }> {
    const fromRevision = firstRevisionAfter(expected);
    const stored = await found(readStream(reading, stream, { fromRevision, maxCount: events.length }));
    const last = stored.at(-1);
    if (last !== undefined && isSameEvents(stored, events)) return { isStored: true, revision: last.revision };
    const actual = actualRevision(error) ?? (await lastRevision(stream));
    if (last === undefined && actual >= fromRevision) return { isStored: false, revision: actual };
    throw wrongRevision(stream, expected, actual);
  }

  async function lastRevision(stream: string): Promise<number> {
    return (await found(readStream(reading, stream, {}))).at(-1)?.revision ?? -1;
  }

  return {
    append,
    read: (stream, read = {}) => readStream(reading, stream, read),
    subscribe: (subscribe = {}) => subscribeAll(reading, subscribe),
    async close() {
      closed.abort();
      await connection.close();
    },
  };
}
