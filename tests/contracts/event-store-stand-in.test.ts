import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createKurrentEventStore, type KurrentOptions } from "@caxton/event-store/kurrent/store";
import type { EventStore } from "@caxton/event-store/port";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { freePort } from "../harness/nats-server.ts";
import { startStandIn, type StandIn, type StandInOptions } from "../kurrent-stand-in/server.ts";
import { newEvent, newEvents, readAll } from "./event-store.contract.ts";
import { Watch } from "./watch.ts";

// Faults that no server shows when it is asked to; a stand-in does. What it says was measured of a server, once.
const impatient = { appendTimeoutMs: 1_000 };
const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close();
});

async function standIn(options: StandInOptions = {}): Promise<StandIn> {
  const started = await startStandIn(options);
  closing.push({ close: async () => await started[Symbol.asyncDispose]() });
  return started;
}

function open(url: string, options: KurrentOptions = {}): EventStore {
  const store = createKurrentEventStore(url, options);
  closing.push(store);
  return store;
}

const newStream = (): string => `agent-${randomUUID().slice(0, 8)}`;

describe.each([
  ["UNAVAILABLE", status.UNAVAILABLE],
  ["INTERNAL, as on SIGTERM", status.INTERNAL],
])("a server that refuses everything with %s", (_, code) => {
  test.each([
    ["from the first call on", false],
    ["after it was at work", true],
  ])("%s, is away, and then is not", async (__, wasAtWork) => {
    const server = await standIn();
    const [store, patient, stream] = [open(server.url, impatient), open(server.url), newStream()];
    if (wasAtWork) await Promise.all([store, patient].map((one) => one.append(newStream(), "no-stream", newEvents(1))));
    server.faults.refuseWith = code;
    server.faults.breakOff(code);
    const events = newEvents(1);
    await expect(store.append(stream, "no-stream", events)).rejects.toMatchObject({ code: "store-unavailable" });
    await expect(readAll(store.read(stream))).rejects.toMatchObject({ code: "store-unavailable" });
    const appending = patient.append(stream, "no-stream", events);
    server.faults.refuseWith = undefined;
    expect(await appending).toEqual({ revision: 0 });
    expect(await readAll(store.read(stream))).toHaveLength(1);
  });
});

test.each([
  ["UNAVAILABLE", status.UNAVAILABLE],
  ["INTERNAL", status.INTERNAL],
  ["CANCELLED", status.CANCELLED],
  ["ABORTED, as to one that is too slow", status.ABORTED],
])("a subscription broken off with %s goes on behind what was processed", async (_, code) => {
  const server = await standIn();
  const [store, stream] = [open(server.url), newStream()];
  await store.append(stream, "no-stream", newEvents(2));
  await using watch = new Watch(store, stream);
  await watch.caughtUp;
  for (let round = 0; round < 3; round++) {
    server.faults.breakOff(code);
    await store.append(stream, 1 + round * 2, newEvents(2));
    await watch.saw(4 + round * 2);
  }
  expect(watch.revisions).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(watch.caughtUpCount).toBe(1);
});

test.each([
  ["right after what was processed", false],
  ["with what was processed already", true],
])(
  "one that breaks off again and again while it catches up, and goes on %s, neither leaves out nor repeats",
  async (__, early) => {
    const server = await standIn();
    server.faults.beginsTooEarly = early;
    const [store, stream] = [open(server.url), newStream()];
    // More than is under way at once, so that what breaks off leaves something out.
    for (let first = 0; first < 200; first += 50) {
      const events = Array.from({ length: 50 }, () => newEvent("x".repeat(10_000)));
      await store.append(stream, first === 0 ? "no-stream" : first - 1, events);
    }
    const seen: number[] = [];
    for await (const event of store.subscribe()) {
      seen.push(event.revision);
      if (event.revision % 40 === 7) server.faults.breakOff(status.UNAVAILABLE);
      if (event.revision === 199) break;
    }
    expect(seen).toEqual(Array.from({ length: 200 }, (_, revision) => revision));
  },
);

test("an error of the one stream that carries all appends leaves none undecided and stores none twice", async () => {
  const server = await standIn();
  const store = open(server.url);
  await store.append(newStream(), "no-stream", newEvents(1));
  server.faults.answerAfterMs = 50;
  const streams = Array.from({ length: 32 }, newStream);
  const appending = streams.map((stream) => store.append(stream, "no-stream", newEvents(2)));
  // Some are stored and wait for their answer, the others wait for room.
  while (streams.every((stream) => server.database.read(stream, 0n).length === 0)) await new Promise(setImmediate);
  server.faults.breakOff(status.UNAVAILABLE);
  expect(await Promise.all(appending)).toEqual(streams.map(() => ({ revision: 1 })));
  expect(streams.map((stream) => server.database.read(stream, 0n).length)).toEqual(streams.map(() => 2));
});

test("a server slower than a try of ours is asked again, and stores once", async () => {
  const server = await standIn();
  const [store, stream] = [open(server.url, { answerTimeoutMs: 300 }), newStream()];
  await store.append(stream, "no-stream", newEvents(1));
  server.faults.answerAfterMs = 600;
  const appending = store.append(stream, 0, newEvents(2));
  while (server.database.read(stream, 0n).length < 3) await new Promise(setImmediate);
  server.faults.answerAfterMs = 0;
  expect(await appending).toEqual({ revision: 2 });
  expect(server.database.read(stream, 0n)).toHaveLength(3);
});

test("a server too old to say that all was sent is named as such", async () => {
  const server = await standIn();
  server.faults.saysCaughtUp = false;
  const store = open(server.url, { answerTimeoutMs: 200 });
  await expect(readAll(store.read(newStream()))).rejects.toMatchObject({
    code: "store-unavailable",
    message: /servers before 23\.10 never say when all was sent/,
  });
});

describe("a cluster", () => {
  test(
    "of which no node is there is away, and found again; a subscription waits for it",
    { timeout: 60_000 },
    async () => {
      const [port, nobody] = [await freePort(), await freePort()];
      const url = `kurrentdb://127.0.0.1:${port},127.0.0.1:${nobody}?tls=false&maxDiscoverAttempts=2&discoveryInterval=50`;
      const [store, patient, stream] = [open(url, impatient), open(url, { appendTimeoutMs: 30_000 }), newStream()];
      await expect(store.append(stream, "no-stream", newEvents(1))).rejects.toMatchObject({
        code: "store-unavailable",
      });
      await expect(readAll(store.read(stream))).rejects.toMatchObject({ code: "store-unavailable" });
      await using watch = new Watch(store, stream);
      const appending = patient.append(stream, "no-stream", newEvents(1));
      const journal = join(await mkdtemp(join(tmpdir(), "caxton-stand-in-")), "journal.jsonl");
      closing.push({ close: () => rm(dirname(journal), { recursive: true }) });
      const first = await startStandIn({ port, journal });
      expect(await appending).toEqual({ revision: 0 });
      await watch.saw(1);
      // And gone again, with a subscription and an append under way.
      const later = patient.append(newStream(), "no-stream", newEvents(1));
      first.faults.breakOff(status.UNAVAILABLE);
      await first[Symbol.asyncDispose]();
      await expect(store.append(newStream(), "no-stream", newEvents(1))).rejects.toMatchObject({
        code: "store-unavailable",
      });
      await standIn({ port, journal });
      expect(await later).toEqual({ revision: 0 });
      await patient.append(stream, 0, newEvents(1));
      await watch.saw(2);
      expect(watch.revisions).toEqual([0, 1]);
    },
  );
});
