import { CaxtonError } from "@caxton/contracts/errors";
import {
  cancelled,
  firstRevisionAfter,
  isSameEvents,
  requireAppend,
  requireAppendSize,
  requireRead,
  wrongRevision,
} from "./append-check.ts";
import { decodeRecord, encodeRecord, toRecorded } from "./append-record.ts";
import { parsePosition } from "./position.ts";
import type { EventStore, ExpectedRevision, NewEvent, ReadOptions, RecordedEvent, SubscribeOptions } from "./port.ts";

export interface MemoryEventStoreOptions {
  readonly maxAppendBytes?: number;
  readonly now?: () => number;
}

/** The store for tests and tools: everything the port promises, nothing that outlives the process. */
export function createMemoryEventStore(options: MemoryEventStoreOptions = {}): EventStore {
  const { maxAppendBytes = 1024 * 1024, now = Date.now } = options;
  const appends: (readonly RecordedEvent[])[] = [];
  const streams = new Map<string, RecordedEvent[]>();
  const wakers = new Set<() => void>();
  let isClosed = false;

  const wakeAll = (): void => {
    for (const wake of wakers) wake();
    wakers.clear();
  };

  return {
    async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]) {
      requireAppend(stream, expected, events);
      const firstRevision = firstRevisionAfter(expected);
      const data = encodeRecord({ firstRevision, events });
      requireAppendSize(stream, data.length, maxAppendBytes);
      if (isClosed) throw new CaxtonError("store-unavailable", "this event store was closed");
      const stored = streams.get(stream) ?? [];
      const revision = firstRevision + events.length - 1;
      if (stored.length !== firstRevision) {
        if (isSameEvents(stored.slice(firstRevision, revision + 1), events)) return { revision };
        throw wrongRevision(stream, expected, stored.length - 1);
      }
      // Through JSON, so that nobody keeps a hand on what is stored.
      const recorded = toRecorded(decodeRecord(data, "this append"), stream, appends.length + 1, now());
      appends.push(recorded);
      streams.set(stream, [...stored, ...recorded]);
      wakeAll();
      return { revision };
    },

    async *read(stream: string, read: ReadOptions = {}) {
      requireRead(stream, read);
      const { fromRevision = 0, maxCount = Infinity, signal } = read;
      if (signal?.aborted === true) throw cancelled(stream);
      const stored = streams.get(stream);
      if (stored === undefined) throw new CaxtonError("stream-not-found", `there is no event stream ${stream}`);
      for (const event of stored.slice(fromRevision, fromRevision + maxCount)) {
        yield structuredClone(event);
        if (read.signal?.aborted === true) throw cancelled(stream);
      }
    },

    async *subscribe(subscribe: SubscribeOptions = {}) {
      const { afterPosition, signal, onCaughtUp } = subscribe;
      const after = afterPosition === undefined ? { sequence: 0, index: -1 } : parsePosition(afterPosition);
      if (after.sequence > appends.length) {
        throw new CaxtonError(
          "invalid-argument",
          `position ${after.sequence} lies beyond this store's last, ${appends.length}`,
        );
      }
      const target = appends.length;
      const isOver = (): boolean => isClosed || signal?.aborted === true;
      let isCaughtUp = false;
      signal?.addEventListener("abort", wakeAll);
      try {
        for (let sequence = Math.max(1, after.sequence); !isOver(); sequence++) {
          if (!isCaughtUp && sequence > target) {
            isCaughtUp = true;
            onCaughtUp?.();
          }
          while (sequence > appends.length && !isOver()) await new Promise<void>((resolve) => wakers.add(resolve));
          for (const [index, event] of (appends[sequence - 1] ?? []).entries()) {
            if (isOver()) return;
            if (sequence > after.sequence || index > after.index) yield structuredClone(event);
          }
        }
      } finally {
        signal?.removeEventListener("abort", wakeAll);
      }
    },

    async close() {
      isClosed = true;
      wakeAll();
    },
  };
}
