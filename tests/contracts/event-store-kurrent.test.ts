import { createKurrentEventStore } from "@caxton/event-store/kurrent/store";
import type { EventStore } from "@caxton/event-store/port";
import { randomUUID } from "node:crypto";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventStoreContract, newEvents, readAll, subscribeUntilCaughtUp } from "./event-store.contract.ts";
import { findKurrentServer, type KurrentServer } from "./kurrent-server.ts";

const found = await findKurrentServer();
const start = found.start;
if (start === undefined) process.stderr.write(`event store: KurrentDB skipped: ${found.why}\n`);

const startTimeoutMs = 180_000;
const maxAppendBytes = 100_000;

describe.runIf(start !== undefined)("with a real server", () => {
  let server: KurrentServer;
  beforeAll(async () => {
    if (start === undefined) throw new Error(found.why);
    server = await start();
  }, startTimeoutMs);
  afterAll(async () => await server[Symbol.asyncDispose]());

  const runId = randomUUID().slice(0, 8);
  eventStoreContract(
    "KurrentDB",
    async () => {
      const [store, other] = [0, 1].map(() => createKurrentEventStore(server.url, { maxAppendBytes }));
      if (store === undefined || other === undefined) throw new Error("no store was made");
      const closeAll = async (): Promise<void> => void (await Promise.all([store.close(), other.close()]));
      return { store, other, duplicateWindowMs: 100, maxAppendBytes, [Symbol.asyncDispose]: closeAll };
    },
    // What earlier runs left on a server that stays must not get in the way.
    `agent-r${runId}-`,
  );

  describe("event store: KurrentDB, what is its own", () => {
    let store: EventStore;
    beforeAll(() => {
      store = createKurrentEventStore(server.url);
    });
    afterAll(async () => await store.close());

    test("takes 1 MiB less its overhead in a call, and refuses more before sending it", async () => {
      const stream = `agent-size-${runId}`;
      const [event, next] = newEvents(2);
      if (event === undefined || next === undefined) throw new Error("no event was made");
      const large = { ...event, data: "x".repeat(1_000_000) };
      expect(await store.append(stream, "no-stream", [large])).toEqual({ revision: 0 });
      await expect(store.append(stream, 0, [{ ...next, data: "x".repeat(1024 * 1024) }])).rejects.toMatchObject({
        code: "append-too-large",
      });
    });

    test("gives ids in lower case, times in milliseconds, and knows a repeat by an id in other letters", async () => {
      const stream = `agent-ids-${runId}`;
      const events = newEvents(20).map((event) => ({ ...event, id: event.id.toUpperCase() }));
      const appended = await store.append(stream, "no-stream", events);
      expect(await store.append(stream, "no-stream", events)).toEqual(appended);
      const stored = await readAll(store.read(stream));
      expect(stored.map(({ id }) => id)).toEqual(events.map(({ id }) => id.toLowerCase()));
      expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
    });

    test("leaves system streams out of what is subscribed to", async () => {
      const everything = await subscribeUntilCaughtUp(store);
      expect(everything.filter(({ stream }) => stream.startsWith("$"))).toEqual([]);
    });

    test(
      "goes on after a restart of the server without gap or repeat, and a repeated append is still known",
      async ({ skip }) => {
        if (server.container === undefined) skip("the server is not ours to restart");
        const stream = `agent-restart-${runId}`;
        const events = newEvents(3);
        const first = await store.append(stream, "no-stream", events);
        const stop = new AbortController();
        const caughtUp = Promise.withResolvers<void>();
        const seen: number[] = [];
        const subscribing = (async () => {
          for await (const event of store.subscribe({ signal: stop.signal, onCaughtUp: caughtUp.resolve })) {
            if (event.stream !== stream) continue;
            seen.push(event.revision);
            if (event.revision === 5) stop.abort();
          }
        })();
        await caughtUp.promise;
        await server.container?.restart();
        expect(await store.append(stream, "no-stream", events)).toEqual(first);
        await store.append(stream, 2, newEvents(3));
        await subscribing;
        expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
      },
      startTimeoutMs,
    );
  });
});
