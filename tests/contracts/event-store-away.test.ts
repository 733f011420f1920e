import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createKurrentEventStore } from "@caxton/event-store/kurrent/store";
import { openKurrentEventStore } from "@caxton/event-store/kurrent/open";
import type { EventStore } from "@caxton/event-store/port";
import { afterEach, describe, expect, test } from "vitest";
import { newEvents, readAll } from "./event-store.contract.ts";

// What a server does that is frozen (takes connections and says nothing) or gone (refuses them); no twin of its protocol.
const sockets: Socket[] = [];
const servers: Server[] = [];
const stores: EventStore[] = [];

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function frozen(): Promise<{ url: string; server: Server }> {
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `kurrentdb://127.0.0.1:${port}?tls=false`, server };
}

async function gone(): Promise<string> {
  const { url, server } = await frozen();
  server.close();
  await once(server, "close");
  return url;
}

function open(url: string): EventStore {
  const store = createKurrentEventStore(url, { appendTimeoutMs: 600, answerTimeoutMs: 200 });
  stores.push(store);
  return store;
}

describe.each([
  ["frozen", async () => (await frozen()).url],
  ["gone", gone],
])("a server that is %s", (_, away) => {
  test("is store-unavailable for appends and reads, by our own deadline", async () => {
    const store = open(await away());
    await expect(store.append("agent-a", "no-stream", newEvents(1))).rejects.toMatchObject({
      code: "store-unavailable",
    });
    await expect(readAll(store.read("agent-a"))).rejects.toMatchObject({ code: "store-unavailable" });
  });

  test("is waited for by a subscription, which ends when the store closes", async () => {
    const store = open(await away());
    const subscribing = readAll(store.subscribe());
    await expect(readAll(store.read("agent-a"))).rejects.toMatchObject({ code: "store-unavailable" });
    await store.close();
    expect(await subscribing).toEqual([]);
  });

  test("ends a subscription whose signal aborts, and a read as cancelled", async () => {
    const store = open(await away());
    const stop = new AbortController();
    const subscribing = readAll(store.subscribe({ signal: stop.signal }));
    const reading = readAll(store.read("agent-a", { signal: stop.signal }));
    setImmediate(() => stop.abort());
    expect(await subscribing).toEqual([]);
    await expect(reading).rejects.toMatchObject({ code: "cancelled" });
  });

  test("is named at start without what is secret", async () => {
    const url = (await away()).replace("//", "//admin:changeit@");
    const opening = openKurrentEventStore(url, { openTimeoutMs: 300, answerTimeoutMs: 200 });
    const error: unknown = await opening.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: "store-unavailable", message: /kurrentdb:\/\/127\.0\.0\.1:\d+ / });
    expect(String(error)).not.toContain("changeit");
  });
});

test("nothing is sent for what means nothing: no events, an id twice in other letters, an append too large", async () => {
  const store = open(await gone());
  const [event] = newEvents(1);
  if (event === undefined) throw new Error("no event was made");
  const refused = async (events: Parameters<EventStore["append"]>[2], code: string): Promise<void> =>
    await expect(store.append("agent-a", "no-stream", events)).rejects.toMatchObject({ code });
  await refused([], "invalid-argument");
  await refused([event, { ...event, id: event.id.toUpperCase() }], "invalid-argument");
  await refused([{ ...event, data: "x".repeat(1024 * 1024) }], "append-too-large");
});
