import { CaxtonError } from "@caxton/contracts/errors";
import { START } from "@kurrent/kurrentdb-client";
import { cancelled, requireRead } from "../append-check.ts";
import type { ReadOptions, RecordedEvent } from "../port.ts";
import type { Connection } from "./connection.ts";
import { isNotThere, toStoreError } from "./errors.ts";
import { Feed } from "./feed.ts";
import { fromServerEvent } from "./record.ts";

export interface Reading {
  readonly connection: Connection;
  /** The store as it may be named in an error. */
  readonly where: string;
  readonly answerTimeoutMs: number;
  readonly quietMaxMs: number;
  readonly closed: AbortSignal;
}

/**
 * Reads by a subscription that ends where it has caught up: the client's own reads go over a second connection that
 * often waits 44 ms. A missing stream is no error there, so that is found out here.
 */
export async function* readStream(
  reading: Reading,
  stream: string,
  options: ReadOptions,
): AsyncGenerator<RecordedEvent, void> {
  requireRead(stream, options);
  const { fromRevision = 0, maxCount = Infinity } = options;
  const isCancelled = (): boolean => options.signal?.aborted === true;
  if (isCancelled()) throw cancelled(stream);
  const signal = options.signal === undefined ? reading.closed : AbortSignal.any([options.signal, reading.closed]);
  let count = 0;
  try {
    for await (const event of untilCaughtUp(reading, stream, fromRevision, signal)) {
      yield event;
      count += 1;
      if (isCancelled() || count === maxCount) break;
    }
    if (count === 0 && !signal.aborted && !(await isThere(reading, stream, fromRevision, signal)))
      throw new CaxtonError("stream-not-found", `there is no event stream ${stream}`);
  } catch (error) {
    if (isCancelled()) throw cancelled(stream);
    throw toStoreError(error, reading.where);
  }
  if (isCancelled()) throw cancelled(stream);
  if (reading.closed.aborted) throw new CaxtonError("store-unavailable", "this event store was closed");
}

/** An empty read says nothing of a stream unless it began at the beginning. What others stored there is not looked at. */
async function isThere(reading: Reading, stream: string, from: number, signal: AbortSignal): Promise<boolean> {
  if (from === 0) return false;
  for await (const _ of untilCaughtUp(reading, stream, 0, signal)) return true;
  return false;
}

/** Events of ours. */
async function* untilCaughtUp(
  { connection, answerTimeoutMs }: Reading,
  stream: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent, void> {
  using lease = connection.lease();
  try {
    // A subscription's revision is exclusive.
    const fromRevision = from === 0 ? START : BigInt(from - 1);
    await using feed = new Feed(lease.client.subscribeToStream(stream, { fromRevision }));
    for (;;) {
      const next = await feed.next({ signal, silenceMaxMs: answerTimeoutMs, wantsMore: false });
      if (next === undefined) break;
      lease.answered();
      const event = fromServerEvent(next.event);
      if (event !== undefined) yield event;
    }
    if (!signal.aborted) lease.answered();
  } catch (error) {
    lease.failed(error);
    if (!isNotThere(error)) throw error;
  }
}
