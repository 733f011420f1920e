import { openJetStreamEventStore } from "@caxton/event-store/jetstream";
import { createMemoryEventStore } from "@caxton/event-store/memory";
import { expect, test } from "vitest";
import { startBus, type TestBus } from "../bus/bus-harness.ts";
import {
  eventStoreContract,
  newEvents,
  readAll,
  subscribeUntilCaughtUp,
  type StoreUnderTest,
} from "./event-store.contract.ts";

const maxAppendBytes = 100_000;
const duplicateWindowMs = 100;

eventStoreContract("memory", async () => {
  const store = createMemoryEventStore({ maxAppendBytes });
  return { store, other: store, duplicateWindowMs, maxAppendBytes, [Symbol.asyncDispose]: () => store.close() };
});

eventStoreContract("JetStream", async () => await startStores());

async function startStores(): Promise<StoreUnderTest & { readonly at: TestBus }> {
  const at = await startBus();
  const options = { duplicateWindowMs, maxAppendBytes };
  const store = await openJetStreamEventStore(at.bus, options);
  const other = await openJetStreamEventStore(await at.connect(), options);
  return {
    at,
    store,
    other,
    duplicateWindowMs,
    maxAppendBytes,
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  };
}

test("a running subscription goes on without gap or repeat when nats-server is killed and started again", async () => {
  await using under = await startStores();
  const { at, store, other } = under;
  await other.append("agent-a", "no-stream", newEvents(3));
  const stop = new AbortController();
  const caughtUp = Promise.withResolvers<void>();
  const seen: string[] = [];
  const subscribing = (async () => {
    for await (const event of store.subscribe({ signal: stop.signal, onCaughtUp: caughtUp.resolve })) {
      seen.push(`${event.stream}@${event.revision}`);
      if (event.stream === "agent-end") return;
    }
  })();
  await caughtUp.promise;
  for (let round = 0; round < 3; round++) {
    await at.server.kill();
    await at.server.restart();
    await other.append("agent-a", 2 + round * 2, newEvents(2));
  }
  await other.append("agent-end", "no-stream", newEvents(1));
  await subscribing;
  expect(seen).toEqual([...Array.from({ length: 9 }, (_, revision) => `agent-a@${revision}`), "agent-end@0"]);
});

test("appends in flight across a kill are stored once, and retried later return the same", async () => {
  await using under = await startStores();
  const { at, store } = under;
  const streams = Array.from({ length: 200 }, (_, index) => `agent-k${index}`);
  const batches = streams.map(() => newEvents(2));
  const appendAll = (): Promise<{ readonly revision: number }>[] =>
    streams.map((stream, index) => store.append(stream, "no-stream", batches[index] ?? []));
  const inFlight = appendAll();
  await Promise.race(inFlight);
  await at.server.kill();
  await at.server.restart();
  const results = await Promise.all(inFlight);
  expect(results).toEqual(streams.map(() => ({ revision: 1 })));
  expect(await Promise.all(appendAll())).toEqual(results);
  const stored = new Map<string, string[]>();
  for (const { stream, id } of await subscribeUntilCaughtUp(store))
    stored.set(stream, [...(stored.get(stream) ?? []), id]);
  expect([...stored.keys()].toSorted()).toEqual(streams.toSorted());
  expect(streams.map((stream) => stored.get(stream))).toEqual(batches.map((batch) => batch.map(({ id }) => id)));
});

test("an append that a frozen server may still get is stored once after it thaws", async () => {
  await using under = await startStores();
  const { at, store } = under;
  await store.append("agent-f", "no-stream", newEvents(1));
  at.server.freeze();
  const events = newEvents(2);
  const appending = store.append("agent-f", 0, events);
  // Longer than one try of the store: the first stays in the server's socket, and the second goes after it.
  await new Promise((resolve) => setTimeout(resolve, 2_300));
  at.server.thaw();
  expect(await appending).toEqual({ revision: 2 });
  expect((await readAll(store.read("agent-f"))).map(({ revision }) => revision)).toEqual([0, 1, 2]);
});

test("a server that stays away is store-unavailable, for appends and for reads", async () => {
  await using at = await startBus();
  const store = await openJetStreamEventStore(await at.connect({ apiTimeoutMs: 200 }), { appendTimeoutMs: 300 });
  await store.append("agent-a", "no-stream", newEvents(1));
  await at.server.kill();
  await expect(store.append("agent-a", 0, newEvents(1))).rejects.toMatchObject({ code: "store-unavailable" });
  await expect(readAll(store.read("agent-a"))).rejects.toMatchObject({ code: "store-unavailable" });
});

test("the default bound of an append is what the server takes", async () => {
  await using at = await startBus({ config: "max_payload: 64KB" });
  const store = await openJetStreamEventStore(at.bus);
  const [event] = newEvents(1);
  if (event === undefined) throw new Error("no event was made");
  await expect(store.append("agent-a", "no-stream", [{ ...event, data: "x".repeat(65_000) }])).rejects.toMatchObject({
    code: "append-too-large",
  });
  expect(await store.append("agent-a", "no-stream", [{ ...event, data: "x".repeat(63_000) }])).toEqual({ revision: 0 });
});
