import type { EventStore } from "@caxton/event-store/port";
import { createKurrentEventStore, type KurrentOptions } from "@caxton/event-store/kurrent/store";
import { KurrentDBClient, START, jsonEvent, binaryEvent } from "@kurrent/kurrentdb-client";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { newEvent, newEvents, positionNow, readAll, subscribeUntilCaughtUp } from "./event-store.contract.ts";
import type { KurrentServer } from "../harness/kurrent-server.ts";

/** What FIELD-NOTES says of this store beyond what all of them promise. */
export function kurrentContract(name: string, serverOf: () => KurrentServer, runId: string): void {
  describe(`event store: ${name}, its own traps`, () => {
    const stores: EventStore[] = [];
    let raw: KurrentDBClient;
    let store: EventStore;
    const open = (options?: KurrentOptions): EventStore => {
      const opened = createKurrentEventStore(serverOf().url, options);
      stores.push(opened);
      return opened;
    };
    let before: string | undefined;
    beforeAll(async () => {
      store = createKurrentEventStore(serverOf().url);
      before = await positionNow(store);
      raw = KurrentDBClient.connectionString(serverOf().url);
    });
    afterEach(async () => void (await Promise.all(stores.splice(0).map((opened) => opened.close()))));
    afterAll(async () => {
      await store.close();
      await raw.dispose();
    });

    test("takes 1 MiB less its overhead in a call, and refuses more before sending it", async () => {
      const stream = `agent-size-${runId}`;
      const large = newEvent("x".repeat(1_000_000));
      expect(await store.append(stream, "no-stream", [large])).toEqual({ revision: 0 });
      await expect(store.append(stream, 0, [newEvent("x".repeat(1024 * 1024))])).rejects.toMatchObject({
        code: "append-too-large",
      });
    });

    test("a bound above the server's own is the server's to refuse, with its number", async () => {
      const generous = open({ maxAppendBytes: 8 * 1024 * 1024 });
      const appending = generous.append(`agent-huge-${runId}`, "no-stream", [newEvent("x".repeat(1024 * 1024))]);
      await expect(appending).rejects.toMatchObject({ code: "append-too-large", details: { maxBytes: 1024 * 1024 } });
    });

    test("gives ids in lower case, times in milliseconds, nothing that JSON has no words for, and knows an id in other letters", async () => {
      const stream = `agent-ids-${runId}`;
      const events = newEvents(20).map((event) => ({ ...event, id: event.id.toUpperCase() }));
      const first = await store.append(stream, "no-stream", events.slice(0, 10));
      await store.append(stream, 9, events.slice(10));
      expect(await store.append(stream, "no-stream", events.slice(0, 10))).toEqual(first);
      const stored = await readAll(store.read(stream));
      expect(stored.map(({ id }) => id)).toEqual(events.map(({ id }) => id.toLowerCase()));
      expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
      // All of them on a whole second happens once in a million times.
      expect(stored.some(({ recordedAtMs }) => recordedAtMs % 1_000 !== 0)).toBe(true);
    });

    test("metadata names cause and correlation as the server's own projections look for them", async () => {
      const stream = `agent-names-${runId}`;
      const event = newEvent({ version: "v1" }, { type: "DeploymentRequested" });
      await store.append(stream, "no-stream", [event]);
      const [stored] = await takeRaw(raw, stream, 1);
      expect(stored).toMatchObject({
        type: "DeploymentRequested",
        isJson: true,
        data: { version: "v1" },
        metadata: { $correlationId: event.metadata.correlationId, $causationId: event.metadata.causationId },
      });
    });

    test("short reads do not wait for the other side's delayed acknowledgements", async () => {
      const stream = `agent-short-${runId}`;
      await store.append(stream, "no-stream", newEvents(10));
      const tookMs: number[] = [];
      for (let round = 0; round < 40; round++) {
        const beganMs = performance.now();
        await readAll(store.read(stream));
        tookMs.push(performance.now() - beganMs);
      }
      // A fifth to four fifths of the client's own reads take 44 ms.
      expect(tookMs.toSorted((one, other) => one - other)[31]).toBeLessThan(40);
    });

    test("what others store is not seen, in streams of their own and in ours, and no append is refused for it", async () => {
      const stream = `agent-shared-${runId}`;
      const theirs = jsonEvent({ type: "their-note", data: { by: "them" } });
      const bytes = binaryEvent({ type: "their-bytes", data: Uint8Array.of(1, 2, 3) });
      const start = (await subscribeUntilCaughtUp(store, before)).at(-1)?.position ?? before;
      const first = newEvents(2);
      expect(await store.append(stream, "no-stream", first)).toEqual({ revision: 1 });
      await raw.appendToStream(stream, [theirs, bytes]);
      await raw.appendToStream(`orders-${runId}`, [
        jsonEvent({ type: "placed", data: {}, metadata: { actor: "they" } }),
      ]);
      const second = newEvents(2);
      expect(await store.append(stream, 1, second)).toEqual({ revision: 5 });
      expect(await store.append(stream, 1, second)).toEqual({ revision: 5 });
      await expect(store.append(stream, 1, newEvents(1))).rejects.toMatchObject({ code: "wrong-revision" });
      const ours = [...first, ...second].map(({ id }) => id);
      const read = await readAll(store.read(stream));
      expect(read.map(({ id }) => id)).toEqual(ours);
      expect(read.map(({ revision }) => revision)).toEqual([0, 1, 4, 5]);
      expect((await readAll(store.read(stream, { fromRevision: 2, maxCount: 1 }))).map(({ id }) => id)).toEqual([
        ours[2],
      ]);
      expect((await subscribeUntilCaughtUp(store, start)).map(({ id }) => id)).toEqual(ours);
    });

    test("a stream in which only others wrote is none of ours, until we write to it", async () => {
      const stream = `agent-theirs-${runId}`;
      await raw.appendToStream(stream, [jsonEvent({ type: "their-note", data: {} })]);
      await expect(readAll(store.read(stream))).rejects.toMatchObject({ code: "stream-not-found" });
      expect(await store.append(stream, "no-stream", newEvents(1))).toEqual({ revision: 1 });
      expect(await readAll(store.read(stream))).toHaveLength(1);
    });

    test("system streams are left out of what is subscribed to", async () => {
      const everything = await subscribeUntilCaughtUp(store);
      expect(everything.filter(({ stream, type }) => stream.startsWith("$") || type.startsWith("$"))).toEqual([]);
    });

    test("a deleted stream is not there; written again, its revisions go on", async () => {
      const stream = `agent-gone-${runId}`;
      await store.append(stream, "no-stream", newEvents(3));
      await raw.deleteStream(stream);
      await expect(readAll(store.read(stream))).rejects.toMatchObject({ code: "stream-not-found" });
      const again = newEvents(2);
      expect(await store.append(stream, "no-stream", again)).toEqual({ revision: 4 });
      expect(await store.append(stream, "no-stream", again)).toEqual({ revision: 4 });
      const read = await readAll(store.read(stream));
      expect(read.map(({ revision }) => revision)).toEqual([3, 4]);
      expect(await store.append(stream, 4, newEvents(1))).toEqual({ revision: 5 });
    });

    test("a tombstone is final, and said", async () => {
      const stream = `agent-buried-${runId}`;
      await store.append(stream, "no-stream", newEvents(1));
      await raw.tombstoneStream(stream);
      await expect(readAll(store.read(stream))).rejects.toMatchObject({ code: "stream-not-found" });
      for (const expected of [0, "no-stream"] as const) {
        const appending = store.append(stream, expected, newEvents(1));
        await expect(appending).rejects.toMatchObject({ code: "stream-not-found", message: /deleted for good/ });
      }
      // Its own event in $all, which has a revision that no number holds, hurts nobody.
      const after = await store.append(`agent-after-${runId}`, "no-stream", newEvents(1));
      expect(after).toEqual({ revision: 0 });
      expect((await subscribeUntilCaughtUp(store, before)).at(-1)?.stream).toBe(`agent-after-${runId}`);
    });

    test("the same append is known after 4,000 later events", { timeout: 60_000 }, async () => {
      const stream = `agent-later-${runId}`;
      const events = newEvents(3);
      const first = await store.append(stream, "no-stream", events);
      for (let round = 0; round < 40; round++) await store.append(stream, 2 + round * 100, newEvents(100));
      expect(await store.append(stream, "no-stream", events)).toEqual(first);
      expect(await readAll(store.read(stream, { fromRevision: 4_000 }))).toHaveLength(3);
    });
  });
}

async function takeRaw(raw: KurrentDBClient, stream: string, count: number) {
  const events = [];
  const subscription = raw.subscribeToStream(stream, { fromRevision: START });
  for await (const { event } of subscription) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}
