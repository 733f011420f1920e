import { CaxtonError } from "@caxton/contracts/errors";
import { NO_STREAM, WrongExpectedVersionError } from "@kurrent/kurrentdb-client";
import { setTimeout as delay } from "node:timers/promises";
import { firstRevisionAfter, isSameEvents, requireAppend, requireAppendSize, wrongRevision } from "../append-check.ts";
import type { EventStore, ExpectedRevision, NewEvent } from "../port.ts";
import { Connection, within, withoutSecrets } from "./connection.ts";
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
}

const retryAfterMs = 100;

/**
 * KurrentDB (EventStoreDB) by its connection string. Nothing is connected before the first operation.
 * @throws CaxtonError `invalid-argument` for what is no connection string
 */
export function createKurrentEventStore(url: string, options: KurrentOptions = {}): EventStore {
  const { maxAppendBytes = 1024 * 1024, appendTimeoutMs = 10_000, answerTimeoutMs = 3_000 } = options;
  const connection = new Connection(url);
  const where = `the event store ${withoutSecrets(url)}`;
  const closed = new AbortController();
  const reading = { connection, where, answerTimeoutMs, closed: closed.signal };

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
    // Always the exact revision: with it the server recognises a repeat for good, with ANY only until it restarts.
    const streamState = expected === "no-stream" ? NO_STREAM : BigInt(expected);
    const deadlineMs = performance.now() + appendTimeoutMs;
    for (;;) {
      const leftMs = Math.max(1, Math.min(answerTimeoutMs, deadlineMs - performance.now()));
      using lease = connection.lease();
      try {
        const sent = lease.client.appendToStream(stream, data, { streamState, deadline: Math.ceil(leftMs) });
        const { nextExpectedRevision } = await within(leftMs, sent);
        lease.answered();
        return { revision: Number(nextExpectedRevision) };
      } catch (error) {
        lease.failed(error);
        if (error instanceof WrongExpectedVersionError) return await settle(stream, expected, events, error);
        // Whether it was stored is open; the same ids at the same revision make trying again harmless.
        if (!isAway(error) || closed.signal.aborted || performance.now() + retryAfterMs >= deadlineMs)
          throw toStoreError(error, where);
        await delay(retryAfterMs, undefined, { signal: closed.signal }).catch(() => undefined);
      }
    }
  }

  /** Refused: by somebody else's events, or by our own that an earlier try left there. */
  async function settle(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
    error: WrongExpectedVersionError,
  ): Promise<{ readonly revision: number }> {
    const fromRevision = firstRevisionAfter(expected);
    const stored = await Array.fromAsync(readStream(reading, stream, { fromRevision, maxCount: events.length })).catch(
      (failure: unknown) => {
        if (failure instanceof CaxtonError && failure.code === "stream-not-found") return [];
        throw failure;
      },
    );
    const isHere = stored[0]?.revision === fromRevision;
    if (isHere && isSameEvents(stored, events)) return { revision: fromRevision + events.length - 1 };
    const actual = actualRevision(error) ?? (await lastRevision(stream));
    throw wrongRevision(stream, expected, actual);
  }

  async function lastRevision(stream: string): Promise<number> {
    let last = -1;
    for await (const { revision } of readStream(reading, stream, {})) last = revision;
    return last;
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
