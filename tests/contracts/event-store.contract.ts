import { toCaxtonError } from "@caxton/contracts/errors";
import type { EventStore, NewEvent, RecordedEvent } from "@caxton/event-store/port";
import * as fc from "fast-check";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: EventStore;
  /** Another writer to the same data, with a memory of its own. */
  readonly other: EventStore;
  /** Longer than any window in which the store recognises a repeat by itself. */
  readonly duplicateWindowMs: number;
  /** Below it every append fits, above it none does. */
  readonly maxAppendBytes: number;
}

export function newEvent(data: unknown = {}, more: Partial<NewEvent> = {}): NewEvent {
  const commandId = randomUUID();
  const metadata = { actor: "tester", commandId, causationId: commandId, correlationId: commandId };
  return { id: randomUUID(), type: "tested", schemaVersion: 1, data, metadata, ...more };
}

export function newEvents(count: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => newEvent({ index }));
}

export async function readAll(events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  return await Array.fromAsync(events);
}

const ids = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);
const revisions = (events: readonly RecordedEvent[]): number[] => events.map(({ revision }) => revision);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Everything that was stored when it is called. */
export async function subscribeUntilCaughtUp(store: EventStore, afterPosition?: string): Promise<RecordedEvent[]> {
  const stop = new AbortController();
  const onCaughtUp = (): void => stop.abort();
  const from = afterPosition === undefined ? {} : { afterPosition };
  return await readAll(store.subscribe({ ...from, signal: stop.signal, onCaughtUp }));
}

/** Behind all that is stored now; `undefined` where that is nothing. */
export async function positionNow(store: EventStore): Promise<string | undefined> {
  return (await subscribeUntilCaughtUp(store)).at(-1)?.position;
}

/** What every adapter of the port must do, the same for all. */
export function eventStoreContract(name: string, start: () => Promise<StoreUnderTest>, streamPrefix = "agent-t"): void {
  describe(`event store: ${name}`, () => {
    let at: StoreUnderTest;
    let streamCount = 0;
    const newStream = (): string => `${streamPrefix}${streamCount++}`;

    beforeAll(async () => {
      at = await start();
    });
    afterAll(async () => {
      await at[Symbol.asyncDispose]();
    });

    describe("append", () => {
      test("counts revisions from 0 and returns the last", async () => {
        const stream = newStream();
        expect(await at.store.append(stream, "no-stream", newEvents(2))).toEqual({ revision: 1 });
        expect(await at.store.append(stream, 1, newEvents(3))).toEqual({ revision: 4 });
        expect(revisions(await readAll(at.store.read(stream)))).toEqual(upTo(5));
      });

      test("takes a hundred events at once, all or nothing", async () => {
        const stream = newStream();
        const events = newEvents(100);
        expect(await at.store.append(stream, "no-stream", events)).toEqual({ revision: 99 });
        await expect(at.store.append(stream, 5, newEvents(100))).rejects.toMatchObject({ code: "wrong-revision" });
        expect(ids(await readAll(at.store.read(stream)))).toEqual(ids(events));
      });

      test("gives events back as they went in", async () => {
        const stream = newStream();
        const metadata = {
          ...newEvent().metadata,
          reason: "because ☂",
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        };
        const data = { text: 'é\u0000 " ☂ 💧', list: [1, -0.5, null, true, {}], nested: { empty: "" } };
        const event = newEvent(data, { type: "version-started", schemaVersion: 7, metadata });
        const beforeMs = Date.now();
        await at.store.append(stream, "no-stream", [event, newEvent(null), newEvent("text")]);
        const [recorded, second, third] = await readAll(at.store.read(stream));
        expect(recorded).toMatchObject({ ...event, stream, revision: 0 });
        expect(recorded?.metadata).toEqual(metadata);
        expect([second?.data, third?.data]).toEqual([null, "text"]);
        expect(Math.abs((recorded?.recordedAtMs ?? 0) - beforeMs)).toBeLessThan(5_000);
      });

      test("refuses any revision but the stream's own, and says which that is", async () => {
        const stream = newStream();
        await expect(at.store.append(stream, 0, newEvents(1))).rejects.toMatchObject({
          code: "wrong-revision",
          details: { actualRevision: -1 },
        });
        await at.store.append(stream, "no-stream", newEvents(2));
        for (const expected of ["no-stream", 0, 2] as const) {
          const refused = at.store.append(stream, expected, newEvents(1));
          await expect(refused).rejects.toMatchObject({ code: "wrong-revision", details: { actualRevision: 1 } });
        }
        expect(await readAll(at.store.read(stream))).toHaveLength(2);
      });

      test("heals when another writer was faster than its memory", async () => {
        const stream = newStream();
        await at.store.append(stream, "no-stream", newEvents(1));
        await at.other.append(stream, 0, newEvents(1));
        await expect(at.store.append(stream, 0, newEvents(1))).rejects.toMatchObject({ code: "wrong-revision" });
        expect(await at.store.append(stream, 1, newEvents(1))).toEqual({ revision: 2 });
        expect(await at.other.append(stream, 2, newEvents(1))).toEqual({ revision: 3 });
      });

      test("lets exactly one of two racing writers win", async () => {
        const stream = newStream();
        for (let round = 0; round < 20; round++) {
          const expected = round === 0 ? "no-stream" : round - 1;
          const race = await Promise.allSettled(
            [at.store, at.other].map((store) => store.append(stream, expected, newEvents(1))),
          );
          expect(race.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
          expect(race.find(({ status }) => status === "rejected")).toMatchObject({
            reason: { code: "wrong-revision" },
          });
        }
        expect(revisions(await readAll(at.store.read(stream)))).toEqual(upTo(20));
      });
    });

    describe("the same append again", () => {
      test("returns the original result at once, from another writer, after the window and after later events", async () => {
        const stream = newStream();
        await at.store.append(stream, "no-stream", newEvents(1));
        const events = newEvents(3);
        const original = await at.store.append(stream, 0, events);
        expect(await at.store.append(stream, 0, events)).toEqual(original);
        expect(await at.other.append(stream, 0, events)).toEqual(original);
        // Nothing announces the end of the window; it is time that has to pass.
        await new Promise((resolve) => setTimeout(resolve, at.duplicateWindowMs * 1.5));
        expect(await at.store.append(stream, 0, events)).toEqual(original);
        await at.store.append(stream, 3, newEvents(5));
        expect(await at.store.append(stream, 0, events)).toEqual(original);
        expect(await at.other.append(stream, 0, events)).toEqual(original);
        expect(revisions(await readAll(at.store.read(stream)))).toEqual(upTo(9));
      });

      test("made twice at the same moment stores once", async () => {
        const stream = newStream();
        const events = newEvents(2);
        const both = await Promise.all(
          [at.store, at.other, at.store].map((store) => store.append(stream, "no-stream", events)),
        );
        expect(both).toEqual([{ revision: 1 }, { revision: 1 }, { revision: 1 }]);
        expect(ids(await readAll(at.store.read(stream)))).toEqual(ids(events));
      });

      test("with another expected revision is refused", async () => {
        const stream = newStream();
        await at.store.append(stream, "no-stream", newEvents(2));
        const events = newEvents(2);
        await at.store.append(stream, 1, events);
        for (const expected of ["no-stream", 0, 2] as const) {
          await expect(at.store.append(stream, expected, events)).rejects.toMatchObject({ code: "wrong-revision" });
        }
        expect(await readAll(at.store.read(stream))).toHaveLength(4);
      });

      test("mixed with new events is refused", async () => {
        const stream = newStream();
        const [first, second] = [newEvent(), newEvent()];
        await at.store.append(stream, "no-stream", [first, second]);
        await expect(at.store.append(stream, "no-stream", [first, second, newEvent()])).rejects.toMatchObject({
          code: "wrong-revision",
        });
        await expect(at.store.append(stream, "no-stream", [first, newEvent()])).rejects.toMatchObject({
          code: "wrong-revision",
        });
        await expect(at.store.append(stream, "no-stream", [second, first])).rejects.toMatchObject({
          code: "wrong-revision",
        });
        expect(await readAll(at.store.read(stream))).toHaveLength(2);
      });
    });

    describe("what is refused before anything is stored", () => {
      test("an append of nothing, and an id twice in one call", async () => {
        const stream = newStream();
        await expect(at.store.append(stream, "no-stream", [])).rejects.toMatchObject({ code: "invalid-argument" });
        const event = newEvent();
        await expect(at.store.append(stream, "no-stream", [event, newEvent(), event])).rejects.toMatchObject({
          code: "invalid-argument",
        });
        await expect(at.store.append(stream, -1, [event])).rejects.toMatchObject({ code: "invalid-argument" });
        await expect(at.store.append(stream, 0.5, [event])).rejects.toMatchObject({ code: "invalid-argument" });
        await expect(readAll(at.store.read(stream))).rejects.toMatchObject({ code: "stream-not-found" });
      });

      test("an append too large, with its size and the bound", async () => {
        const stream = newStream();
        const halves = [newEvent("x".repeat(at.maxAppendBytes * 0.6)), newEvent("x".repeat(at.maxAppendBytes * 0.6))];
        await expect(at.store.append(stream, "no-stream", halves)).rejects.toMatchObject({
          code: "append-too-large",
          message: new RegExp(String(at.maxAppendBytes)),
          details: { maxBytes: at.maxAppendBytes },
        });
        expect(await at.store.append(stream, "no-stream", halves.slice(0, 1))).toEqual({ revision: 0 });
      });

      test.each(["", "a.b", "a b", "*", ">", "agent/x", "ä", "x".repeat(201)])("stream name %j", async (bad) => {
        await expect(at.store.append(bad, "no-stream", newEvents(1))).rejects.toMatchObject({
          code: "invalid-stream-name",
        });
        await expect(readAll(at.store.read(bad))).rejects.toMatchObject({ code: "invalid-stream-name" });
      });

      test("senseless bounds of a read and a made-up position", async () => {
        const stream = newStream();
        await at.store.append(stream, "no-stream", newEvents(1));
        await expect(readAll(at.store.read(stream, { fromRevision: -1 }))).rejects.toMatchObject({
          code: "invalid-argument",
        });
        await expect(readAll(at.store.read(stream, { maxCount: 0 }))).rejects.toMatchObject({
          code: "invalid-argument",
        });
        for (const afterPosition of ["", "x", "0-0", "99999999-0"]) {
          await expect(readAll(at.store.subscribe({ afterPosition }))).rejects.toMatchObject({
            code: "invalid-argument",
          });
        }
      });
    });

    describe("read", () => {
      test("begins at a revision inside an append and stops at maxCount", async () => {
        const stream = newStream();
        await at.store.append(stream, "no-stream", newEvents(3));
        await at.store.append(stream, 2, newEvents(4));
        await at.store.append(stream, 6, newEvents(1));
        const read = async (options: { fromRevision?: number; maxCount?: number }): Promise<number[]> =>
          revisions(await readAll(at.store.read(stream, options)));
        expect(await read({ fromRevision: 5 })).toEqual([5, 6, 7]);
        expect(await read({ fromRevision: 1, maxCount: 3 })).toEqual([1, 2, 3]);
        expect(await read({ maxCount: 1 })).toEqual([0]);
        expect(await read({ fromRevision: 7, maxCount: 100 })).toEqual([7]);
        expect(await read({ fromRevision: 8 })).toEqual([]);
      });

      test("of a stream that is not there is stream-not-found", async () => {
        await expect(readAll(at.store.read(newStream()))).rejects.toMatchObject({ code: "stream-not-found" });
      });

      test("ends with cancelled when its signal aborts", async () => {
        const stream = newStream();
        await at.store.append(stream, "no-stream", newEvents(2));
        await at.store.append(stream, 1, newEvents(2));
        const stop = new AbortController();
        const seen: number[] = [];
        const reading = async (): Promise<void> => {
          for await (const event of at.store.read(stream, { signal: stop.signal })) {
            seen.push(event.revision);
            if (event.revision === 1) stop.abort();
          }
        };
        await expect(reading()).rejects.toMatchObject({ code: "cancelled" });
        expect(seen).toEqual([0, 1]);
        await expect(readAll(at.store.read(stream, { signal: stop.signal }))).rejects.toMatchObject({
          code: "cancelled",
        });
      });
    });

    describe("subscribe", () => {
      test("gives all streams in the order of the store and resumes after any position", async () => {
        const [a, b] = [newStream(), newStream()];
        await at.store.append(a, "no-stream", newEvents(2));
        await at.other.append(b, "no-stream", newEvents(3));
        await at.store.append(a, 1, newEvents(1));
        const everything = await subscribeUntilCaughtUp(at.store);
        const ours = everything.slice(-6).map(({ stream, revision }) => `${stream}@${revision}`);
        expect(ours).toEqual([`${a}@0`, `${a}@1`, `${b}@0`, `${b}@1`, `${b}@2`, `${a}@2`]);
        expect(new Set(everything.map(({ position }) => position)).size).toBe(everything.length);
        for (let back = 1; back <= 6; back++) {
          const after = everything.at(-back - 1);
          expect(await subscribeUntilCaughtUp(at.other, after?.position)).toEqual(
            everything.slice(everything.length - back),
          );
        }
        expect(await subscribeUntilCaughtUp(at.store, everything.at(-1)?.position)).toEqual([]);
      });

      test("says once that it caught up, and goes on with what comes", async () => {
        const stream = newStream();
        await at.store.append(stream, "no-stream", newEvents(2));
        const before = (await readAll(at.store.read(stream))).at(-1);
        await at.store.append(stream, 1, newEvents(1));
        let caughtUp = 0;
        const stop = new AbortController();
        const seen: (number | string)[] = [];
        const onCaughtUp = (): void => {
          caughtUp += 1;
          seen.push("caught up");
          void at.other.append(stream, 2, newEvents(2)).then(() => at.store.append(stream, 4, newEvents(1)));
        };
        for await (const event of at.store.subscribe({
          ...(before === undefined ? {} : { afterPosition: before.position }),
          signal: stop.signal,
          onCaughtUp,
        })) {
          seen.push(event.revision);
          if (event.revision === 5) stop.abort();
        }
        expect(seen).toEqual([2, "caught up", 3, 4, 5]);
        expect(caughtUp).toBe(1);
      });

      test("ends when its signal aborts while it waits, while it reads, and before it began", async () => {
        const stream = newStream();
        await at.store.append(stream, "no-stream", newEvents(10));
        const waiting = new AbortController();
        await readAll(
          at.store.subscribe({ signal: waiting.signal, onCaughtUp: () => setImmediate(() => waiting.abort()) }),
        );
        const reading = new AbortController();
        const seen: RecordedEvent[] = [];
        for await (const event of at.store.subscribe({ signal: reading.signal })) {
          seen.push(event);
          reading.abort();
        }
        expect(seen).toHaveLength(1);
        expect(await readAll(at.store.subscribe({ signal: AbortSignal.abort() }))).toEqual([]);
      });
    });

    test("any interleaving of two writers keeps revisions dense and every confirmed event", async () => {
      const step = fc.record({
        writer: fc.constantFrom("store", "other"),
        count: fc.integer({ min: 1, max: 4 }),
        lag: fc.integer({ min: 0, max: 2 }),
        retry: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const stream = newStream();
          const confirmed: string[] = [];
          for (const { writer, count, lag, retry } of steps) {
            // With a lag the writer believes in an older revision and must lose.
            const believed = confirmed.length - lag;
            if (believed < 0) continue;
            const expected = believed === 0 ? "no-stream" : believed - 1;
            const events = newEvents(count);
            const attempt = async (store: EventStore): Promise<unknown> =>
              await store.append(stream, expected, events).catch((error: unknown) => toCaxtonError(error).code);
            const outcome = await attempt(at[writer]);
            expect(outcome).toEqual(lag > 0 ? "wrong-revision" : { revision: believed + count - 1 });
            expect(retry ? await attempt(at.other) : outcome).toEqual(outcome);
            if (lag === 0) confirmed.push(...ids(events));
          }
          if (confirmed.length === 0) return;
          const stored = await readAll(at.other.read(stream));
          expect(ids(stored)).toEqual(confirmed);
          expect(revisions(stored)).toEqual(upTo(confirmed.length));
        }),
        { numRuns: 25 },
      );
    });
  });
}
