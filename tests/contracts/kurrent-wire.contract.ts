import { createKurrentEventStore, type KurrentOptions } from "@caxton/event-store/kurrent/store";
import type { EventStore } from "@caxton/event-store/port";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { newEvent, newEvents, positionNow, readAll } from "./event-store.contract.ts";
import { canBeWired, startFrailWire, type FrailWire } from "./frail-wire.ts";
import type { KurrentServer } from "../harness/kurrent-server.ts";
import { Watch } from "./watch.ts";

const impatient = { answerTimeoutMs: 400, quietMaxMs: 600, appendTimeoutMs: 20_000 };
/** A good deal less than the 20 s after which the client itself gives up on a connection. */
const noticedWithinMs = 8_000;

/** What happens between us and the server, without its being told. */
export function kurrentWireContract(name: string, serverOf: () => KurrentServer, runId: string): void {
  describe(`event store: ${name}, on a frail wire`, () => {
    let before: string | undefined;
    beforeAll(async () => {
      const store = createKurrentEventStore(serverOf().url);
      before = await positionNow(store);
      await store.close();
    });
    const open: { close(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const one of open.splice(0).toReversed()) await one.close();
    });

    /** A store behind a wire, and one that has a connection of its own. */
    async function wired(options: KurrentOptions = impatient) {
      const wire = await startFrailWire(serverOf().url);
      const store = createKurrentEventStore(wire.url, options);
      const direct = createKurrentEventStore(serverOf().url);
      open.push({ close: async () => await wire[Symbol.asyncDispose]() }, store, direct);
      return { wire, store, direct };
    }

    test.beforeEach(({ skip }) => {
      if (!canBeWired(serverOf().url)) skip("the server is a cluster or speaks TLS");
    });

    test("a subscription that has caught up notices that its connection is dead, and has neither gap nor repeat", async () => {
      const { wire, store, direct } = await wired();
      const stream = `agent-dead-${runId}`;
      await direct.append(stream, "no-stream", newEvents(1));
      await using watch = new Watch(store, stream, before);
      await watch.caughtUp;
      wire.goDead();
      const beganMs = performance.now();
      await direct.append(stream, 0, newEvents(2));
      await watch.saw(3);
      expect(performance.now() - beganMs).toBeLessThan(noticedWithinMs);
      await direct.append(stream, 2, newEvents(1));
      await watch.saw(4);
      expect(watch.revisions).toEqual([0, 1, 2, 3]);
    });

    test("one to which nothing comes for long stays what it is", async () => {
      const { wire, store, direct } = await wired({ ...impatient, answerTimeoutMs: 10_000 });
      const stream = `agent-quiet-${runId}`;
      await direct.append(stream, "no-stream", newEvents(1));
      await using watch = new Watch(store, stream, before);
      await watch.caughtUp;
      // So much is said only to make it again, more than once.
      await wire.told(400);
      await direct.append(stream, 0, newEvents(1));
      await watch.saw(2);
      expect(watch.revisions).toEqual([0, 1]);
      expect(watch.caughtUpCount).toBe(1);
      expect(wire.connections).toBe(1);
    });

    test("an append over a dead connection is stored over another, before the caller's patience ends", async () => {
      const { wire, store } = await wired();
      const stream = `agent-append-${runId}`;
      await store.append(stream, "no-stream", newEvents(1));
      wire.goDead();
      const beganMs = performance.now();
      expect(await store.append(stream, 0, newEvents(2))).toEqual({ revision: 2 });
      expect(performance.now() - beganMs).toBeLessThan(noticedWithinMs);
      expect(await readAll(store.read(stream))).toHaveLength(3);
    });

    test("a read over a dead connection ends by our own deadline, and the next is answered", async () => {
      const { wire, store } = await wired();
      const stream = `agent-read-${runId}`;
      await store.append(stream, "no-stream", newEvents(1));
      wire.goDead();
      await expect(readAll(store.read(stream))).rejects.toMatchObject({ code: "store-unavailable" });
      expect(await readAll(store.read(stream))).toHaveLength(1);
    });

    test("an append that was stored and never answered is stored once and returns what it would have returned", async () => {
      const { wire, store, direct } = await wired();
      const stream = `agent-unheard-${runId}`;
      await store.append(stream, "no-stream", newEvents(1));
      await using watch = new Watch(direct, stream, before);
      wire.loseAnswers();
      const events = newEvents(2);
      const appending = store.append(stream, 0, events);
      await watch.saw(3);
      // Somebody decides on it before its writer knows.
      await direct.append(stream, 2, newEvents(1));
      expect(await appending).toEqual({ revision: 2 });
      expect((await readAll(store.read(stream))).slice(1, 3).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    });

    test("200 appends that pile up on a wire that is then cut are all stored once, and no rejection is nobody's", async () => {
      const { wire, store, direct } = await wired({ ...impatient, answerTimeoutMs: 5_000 });
      await store.append(`agent-warm-${runId}`, "no-stream", newEvents(1));
      wire.goDead();
      const streams = Array.from({ length: 200 }, (_, index) => `agent-pile-${index}-${runId}`);
      const piledUp = wire.told(60_000);
      const appending = streams.map((stream) => store.append(stream, "no-stream", [newEvent("x".repeat(20_000))]));
      await piledUp;
      wire.cut();
      expect(await Promise.all(appending)).toEqual(streams.map(() => ({ revision: 0 })));
      expect(await Promise.all(streams.map(async (stream) => (await readAll(direct.read(stream))).length))).toEqual(
        streams.map(() => 1),
      );
    });

    test("the connections made to a server that never answers are few", async () => {
      const { wire, store } = await wired({ ...impatient, answerTimeoutMs: 50, appendTimeoutMs: 2_000 });
      await store.append(`agent-few-${runId}`, "no-stream", newEvents(1));
      await keepDead(wire, store, `agent-few-${runId}`);
      expect(wire.connections).toBeLessThanOrEqual(5);
    });
  });
}

/** One append after the other that comes to nothing, on connections that are dead as soon as they are made. */
async function keepDead(wire: FrailWire, store: EventStore, stream: string): Promise<void> {
  const killing = setInterval(() => wire.goDead(), 1);
  wire.goDead();
  await expect(store.append(stream, 0, newEvents(1))).rejects.toMatchObject({ code: "store-unavailable" });
  clearInterval(killing);
}
