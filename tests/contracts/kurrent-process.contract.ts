import { createKurrentEventStore, type KurrentOptions } from "@caxton/event-store/kurrent/store";
import type { EventStore } from "@caxton/event-store/port";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { newEvents, positionNow, readAll, subscribeUntilCaughtUp } from "./event-store.contract.ts";
import type { KurrentServer, ServerProcess } from "../harness/kurrent-server.ts";
import { Watch } from "./watch.ts";

const impatient = { appendTimeoutMs: 3_000 };
/** A real server takes seconds to start. */
const timeoutMs = 180_000;

/** What happens to the server itself; skipped where it is not ours to hurt. */
export function kurrentProcessContract(name: string, serverOf: () => KurrentServer, runId: string): void {
  describe(`event store: ${name}, its process`, { timeout: timeoutMs }, () => {
    let before: string | undefined;
    beforeAll(async () => {
      const store = createKurrentEventStore(serverOf().url);
      before = await positionNow(store);
      await store.close();
    });
    const stores: EventStore[] = [];
    const open = (options?: KurrentOptions): EventStore => {
      const opened = createKurrentEventStore(serverOf().url, options);
      stores.push(opened);
      return opened;
    };
    afterEach(async () => void (await Promise.all(stores.splice(0).map((opened) => opened.close()))));

    let server: ServerProcess;
    test.beforeEach(({ skip }) => {
      const { process } = serverOf();
      if (process === undefined) return skip("the server is not ours to hurt");
      server = process;
    });

    test("frozen: appends and reads end by our own deadline; thawed: the same append is stored once", async () => {
      const [store, following] = [open(impatient), open()];
      const stream = `agent-frozen-${runId}`;
      await store.append(stream, "no-stream", newEvents(1));
      await using watch = new Watch(following, stream, before);
      await watch.saw(1);
      await server.freeze();
      const events = newEvents(2);
      const beganMs = performance.now();
      await expect(store.append(stream, 0, events)).rejects.toMatchObject({ code: "store-unavailable" });
      await expect(readAll(store.read(stream))).rejects.toMatchObject({ code: "store-unavailable" });
      // The client itself gives up after 19 s.
      expect(performance.now() - beganMs).toBeLessThan(10_000);
      await server.thaw();
      const patient = open();
      expect(await patient.append(stream, 0, events)).toEqual({ revision: 2 });
      expect(await store.append(stream, 0, events)).toEqual({ revision: 2 });
      expect(await readAll(patient.read(stream))).toHaveLength(3);
      await watch.saw(3);
      expect(watch.revisions).toEqual([0, 1, 2]);
    });

    test("killed with 32 in flight: all are stored once, and made again they return the same", async () => {
      const store = open({ appendTimeoutMs: timeoutMs });
      for (let round = 0; round < 3; round++) {
        const streams = Array.from({ length: 32 }, (_, index) => `agent-kill-${round}-${index}-${runId}`);
        const batches = streams.map(() => newEvents(2));
        const appendAll = (): Promise<{ readonly revision: number }>[] =>
          streams.map((stream, index) => store.append(stream, "no-stream", batches[index] ?? []));
        const inFlight = appendAll();
        // The first round strikes when none can have been answered, the others when some were.
        if (round > 0) await Promise.race(inFlight);
        await server.kill();
        await server.start();
        const results = await Promise.all(inFlight);
        expect(results).toEqual(streams.map(() => ({ revision: 1 })));
        expect(await Promise.all(appendAll())).toEqual(results);
        const stored = await Promise.all(streams.map((stream) => readAll(store.read(stream))));
        expect(stored.map((events) => events.map(({ id }) => id))).toEqual(
          batches.map((batch) => batch.map(({ id }) => id)),
        );
      }
    });

    test("killed: a subscription goes on without gap or repeat, and an append of before is still known", async () => {
      const store = open({ appendTimeoutMs: timeoutMs });
      const stream = `agent-restart-${runId}`;
      const events = newEvents(3);
      const first = await store.append(stream, "no-stream", events);
      await using watch = new Watch(store, stream, before);
      await watch.caughtUp;
      for (let round = 0; round < 3; round++) {
        await server.kill();
        await server.start();
        expect(await store.append(stream, "no-stream", events)).toEqual(first);
        await store.append(stream, 2 + round * 2, newEvents(2));
        await watch.saw(5 + round * 2);
      }
      expect(watch.revisions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(watch.caughtUpCount).toBe(1);
      expect((await subscribeUntilCaughtUp(open(), before)).filter((event) => event.stream === stream)).toHaveLength(9);
    });

    test("gone when it was first asked, then there: what was opened meanwhile works", async () => {
      await server.kill();
      const store = open(impatient);
      const stream = `agent-late-${runId}`;
      await expect(readAll(store.read(stream))).rejects.toMatchObject({ code: "store-unavailable" });
      await expect(store.append(stream, "no-stream", newEvents(1))).rejects.toMatchObject({
        code: "store-unavailable",
      });
      await using watch = new Watch(store, stream, before);
      await server.start();
      const patient = open();
      expect(await patient.append(stream, "no-stream", newEvents(1))).toEqual({ revision: 0 });
      await watch.saw(1);
      expect(await readAll(store.read(stream))).toHaveLength(1);
      expect(await store.append(stream, 0, newEvents(1))).toEqual({ revision: 1 });
    });
  });
}
