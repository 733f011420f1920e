import type { Bus } from "@caxton/bus/types";
import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import { firstRevisionAfter, isSameEvents, requireAppend, requireAppendSize, wrongRevision } from "./append-check.ts";
import { encodeRecord, lastRevision } from "./append-record.ts";
import type { EventStore, ExpectedRevision, NewEvent } from "./port.ts";
import { EventLog, type Tip } from "./event-log.ts";
import { isAway, toStoreError } from "./store-errors.ts";

export interface JetStreamEventStoreOptions {
  /** Most bytes of one append as JSON; what the server takes in a message, less room for headers, unless given. */
  readonly maxAppendBytes?: number;
  /** How long an append is tried before `store-unavailable`; 10 000 unless given. The last try may go on for one API timeout of the bus. */
  readonly appendTimeoutMs?: number;
  /** Nothing here relies on it. */
  readonly duplicateWindowMs?: number;
}

export const eventsStream = "CAXTON_EVENTS";
const headerRoomBytes = 1_024;
const storeTimeoutMs = 2_000;

/**
 * The embedded store: one JetStream stream, one message an append, guarded by the last sequence of its subject. That an
 * append was made before is always found out by reading and comparing event ids, never by the duplicate window.
 * @throws CaxtonError `store-unavailable`
 */
export async function openJetStreamEventStore(bus: Bus, options: JetStreamEventStoreOptions = {}): Promise<EventStore> {
  const { appendTimeoutMs = 10_000, duplicateWindowMs = 120_000 } = options;
  const spec = {
    name: eventsStream,
    subjects: ["caxton.events.*"],
    discard: "new",
    maxBytes: -1,
    maxMessageBytes: -1,
    duplicateWindowMs,
  } as const;
  await bus.streams.ensure(spec).catch((error: unknown) => {
    throw toStoreError(error);
  });
  const log = new EventLog(bus, eventsStream);

  async function append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<{ readonly revision: number }> {
    requireAppend(stream, expected, events);
    const record = { firstRevision: firstRevisionAfter(expected), events };
    const data = encodeRecord(record);
    requireAppendSize(stream, data.length, options.maxAppendBytes ?? bus.maxPayloadBytes - headerRoomBytes);
    const deadlineMs = performance.now() + appendTimeoutMs;
    const revision = lastRevision(record);
    let tip = log.knownTip(stream);
    for (;;) {
      try {
        // A tip from memory may be old, so only a fresh one can say that the revision is wrong.
        if (tip?.revision !== record.firstRevision - 1) {
          tip = await log.freshTip(stream);
          if (tip.revision !== record.firstRevision - 1) {
            if (isSameEvents(await log.eventsAt(stream, tip, record.firstRevision, events.length), events))
              return { revision };
            throw wrongRevision(stream, expected, tip.revision);
          }
        }
        await store(stream, data, events.length, tip, revision, deadlineMs - performance.now());
        return { revision };
      } catch (error) {
        tip = undefined;
        if (hasCode(error, "wrong-sequence")) continue;
        // Whether it was stored is open; the same expected sequence makes trying again harmless.
        if (isAway(error) && performance.now() < deadlineMs && bus.status !== "closed") continue;
        throw toStoreError(error);
      }
    }
  }

  async function store(
    stream: string,
    data: Uint8Array,
    count: number,
    tip: Tip,
    revision: number,
    leftMs: number,
  ): Promise<void> {
    if (leftMs <= 0)
      throw new CaxtonError(
        "store-unavailable",
        `an append to ${stream} was not confirmed within ${appendTimeoutMs} ms: retry it`,
      );
    const ack = await bus.store(log.subject(stream), data, {
      headers: { "Caxton-Events": String(count) },
      expectLastSubjectSequence: tip.sequence,
      timeoutMs: Math.min(storeTimeoutMs, leftMs),
    });
    log.learn(stream, { sequence: ack.sequence, revision });
  }

  return {
    append,
    read: (stream, read) => log.read(stream, read),
    subscribe: (subscribe) => log.subscribe(subscribe),
    async close() {
      log.close();
    },
  };
}
