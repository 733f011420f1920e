import type { Bus } from "@caxton/bus/types";
import { expect, test } from "vitest";
import { all, bytes, rejection, spec, startBus, take, text } from "./bus-harness.ts";

async function consumerNames(bus: Bus): Promise<readonly string[]> {
  const answer = await bus.request("$JS.API.CONSUMER.NAMES.a", bytes("{}"), { timeoutMs: 1_000 });
  const { consumers } = JSON.parse(text(answer.data)) as { readonly consumers: readonly string[] };
  expect(consumers).toHaveLength(1);
  return consumers;
}

const texts = (messages: readonly { readonly data: Uint8Array }[]): string[] =>
  messages.map((message) => text(message.data));

test("ensure creates, changes and tells what is there", async () => {
  await using at = await startBus();
  const { streams } = at.bus;
  expect(await streams.info("a")).toBeUndefined();
  const first = spec("a", { maxMessages: 100 });
  const made = await streams.ensure(first);
  expect(made).toMatchObject({ name: "a", lastSequence: 0, messages: 0, spec: first });
  const second = spec("a", { discard: "old", maxBytes: 20_000, maxMessagesPerSubject: 3, maxAgeMs: 60_000 });
  const changed = await streams.ensure(second);
  expect(changed.spec).toEqual(second);
  expect(changed.createdAtMs).toBe(made.createdAtMs);
  const both = await Promise.all([streams.ensure(spec("b")), (await at.connect()).streams.ensure(spec("b"))]);
  expect(both[0].createdAtMs).toBe(both[1].createdAtMs);
  expect((await streams.names()).toSorted()).toEqual(["a", "b"]);
  expect(await streams.names("b.x")).toEqual(["b"]);
  await streams.delete("b");
  expect(await streams.names()).toEqual(["a"]);
  await expect(streams.ensure(spec("c", { subjects: ["a.>"] }))).rejects.toMatchObject({
    code: "internal",
    message: /overlap/,
  });
});

test("ensure says where the server set something else than it was asked for", async () => {
  await using at = await startBus();
  // 0 becomes the server's default of two minutes.
  await expect(at.bus.streams.ensure(spec("a", { duplicateWindowMs: 0 }))).rejects.toMatchObject({
    code: "internal",
    message: /wanted duplicateWindowMs 0, found duplicateWindowMs 120000/,
  });
});

test("a stream that is full refuses what comes and drops nothing, whatever the size of what is there", async () => {
  await using at = await startBus();
  const { streams } = at.bus;
  for (let size = 280; size < 300; size += 1) {
    await streams.ensure(spec("a", { maxBytes: 64 * 1024 }));
    const sending = Array.from({ length: 400 }, () => at.bus.store("a.x", new Uint8Array(size)));
    const settled = await Promise.allSettled(sending);
    const acknowledged = settled.filter(({ status }) => status === "fulfilled").length;
    expect(acknowledged).toBeLessThan(sending.length);
    expect(await streams.info("a")).toMatchObject({ firstSequence: 1, messages: acknowledged });
    await expect(at.bus.store("a.x", new Uint8Array(size))).rejects.toMatchObject({ code: "inbox-full" });
    await streams.delete("a");
  }
});

test("read ends at what was stored when it was called", async () => {
  await using at = await startBus();
  const { streams } = at.bus;
  await streams.ensure(spec("a"));
  expect(await all(streams.read("a"))).toEqual([]);
  for (let index = 1; index <= 600; index++)
    await at.bus.store(index % 3 === 0 ? "a.third" : "a.x", bytes(String(index)));
  const reading = streams.read("a", { fromSequence: 5 });
  const iterator = reading[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toMatchObject({ sequence: 5 });
  await at.bus.store("a.x", bytes("late"));
  let last: unknown;
  for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) last = step.value;
  expect(last).toMatchObject({ sequence: 600 });
  await expect(all(streams.read("nowhere"))).rejects.toMatchObject({ code: "stream-not-found" });
});

test("what is followed with a time to gather comes in one piece, in order and whole; what comes alone comes at once", async () => {
  await using at = await startBus();
  const { streams } = at.bus;
  await streams.ensure(spec("a"));
  const gatherMs = 400;
  const stop = new AbortController();
  const current = Promise.withResolvers<void>();
  const options = { gatherMs, signal: stop.signal, onCaughtUp: current.resolve };
  const messages = streams.follow("a", options)[Symbol.asyncIterator]();
  const next = async (): Promise<number> => {
    const step = await messages.next();
    return step.done === true ? 0 : step.value.sequence;
  };
  const alone = next();
  await current.promise;
  const startedMs = performance.now();
  await at.bus.store("a.x", bytes("1"));
  expect(await alone).toBe(1);
  expect(performance.now() - startedMs).toBeLessThan(gatherMs);
  await Promise.all(Array.from({ length: 700 }, () => at.bus.store("a.x", bytes("more"))));
  for (let sequence = 2; sequence <= 701; sequence += 1) expect(await next()).toBe(sequence);
  expect(performance.now() - startedMs).toBeGreaterThan(gatherMs);
  stop.abort();
  expect(await next()).toBe(0);
});

test("read ends where the tail is of other subjects, or deleted", async () => {
  await using at = await startBus();
  const { streams } = at.bus;
  await streams.ensure(spec("a"));
  for (const subject of ["a.x", "a.x", "a.y", "a.y"]) await at.bus.store(subject, bytes(subject));
  expect(texts(await all(streams.read("a", { filterSubject: "a.x" })))).toEqual(["a.x", "a.x"]);
  expect(await all(streams.read("a", { filterSubject: "a.none" }))).toEqual([]);
  let currentAfter = -1;
  let count = 0;
  const options = { filterSubject: "a.x", onCaughtUp: () => (currentAfter = count) };
  for await (const _ of streams.read("a", options)) count += 1;
  expect(currentAfter).toBe(2);
  for (const belowSequence of [0, 1]) await streams.purge("a", { belowSequence });
  expect((await streams.info("a"))?.messages).toBe(4);
  await streams.purge("a", { belowSequence: 4 });
  expect((await all(streams.read("a"))).map((message) => message.sequence)).toEqual([4]);
  await streams.purge("a", { belowSequence: 1_000 });
  expect(await streams.info("a")).toMatchObject({ messages: 0, lastSequence: 4 });
  expect(await all(streams.read("a"))).toEqual([]);
  await at.bus.store("a.x", bytes("5"));
  await streams.purge("a");
  expect(await streams.info("a")).toMatchObject({ messages: 0, lastSequence: 5 });
});

test("purge leaves another life of the stream alone, and single messages are removed", async () => {
  await using at = await startBus();
  const { streams } = at.bus;
  const { createdAtMs } = await streams.ensure(spec("a"));
  for (const subject of ["a.1", "a.2", "a.3"]) await at.bus.store(subject, bytes(subject));
  expect(await streams.remove("a", [2, 7])).toBe(1);
  expect(texts(await all(streams.read("a")))).toEqual(["a.1", "a.3"]);
  await streams.purge("a", { belowSequence: 3, epochMs: createdAtMs });
  expect(texts(await all(streams.read("a")))).toEqual(["a.3"]);
  await streams.delete("a");
  await streams.ensure(spec("a"));
  await at.bus.store("a.x", bytes("another"));
  expect(await rejection(streams.purge("a", { belowSequence: 3, epochMs: createdAtMs }))).toMatchObject({
    code: "stream-not-found",
  });
  expect(texts(await all(streams.read("a")))).toEqual(["another"]);
});

test("follow goes on without gap or repeat while the server is killed again and again", async () => {
  await using at = await startBus();
  const { streams } = at.bus;
  await streams.ensure(spec("a"));
  const total = 3_000;
  const stop = new AbortController();
  const seen: number[] = [];
  const following = (async () => {
    for await (const message of streams.follow("a", { signal: stop.signal })) {
      seen.push(message.sequence);
      if (text(message.data) === "end") return;
    }
  })();
  const producer = await at.connect();
  const kills = [800, 1_600, 2_400];
  for (let index = 0; index < total; index += 100) {
    const stored = Array.from({ length: 100 }, () =>
      producer.store("a.x", bytes("."), { timeoutMs: 20_000 }).catch(() => undefined),
    );
    if (kills.includes(index)) await at.server.kill();
    await Promise.all(stored);
    if (kills.includes(index)) await at.server.restart();
  }
  await producer.store("a.x", bytes("end"), { timeoutMs: 20_000 });
  await following;
  const last = (await streams.info("a"))?.lastSequence ?? 0;
  expect(last).toBeGreaterThan(total - 400);
  expect(seen).toEqual(Array.from({ length: last }, (_, index) => index + 1));
});

test("follow survives the loss of its consumer and goes on with the stream's next life", async () => {
  await using at = await startBus();
  const { streams } = at.bus;
  await streams.ensure(spec("a"));
  await at.bus.store("a.x", bytes("one"));
  const lives: string[] = [];
  for await (const message of streams.follow("a")) {
    lives.push(`${message.sequence} ${text(message.data)}`);
    if (lives.length === 1) {
      for (const consumer of await consumerNames(at.bus)) {
        await at.bus.request(`$JS.API.CONSUMER.DELETE.a.${consumer}`, bytes(""), { timeoutMs: 1_000 });
      }
      await at.bus.store("a.x", bytes("two"));
    }
    if (lives.length === 2) {
      await streams.delete("a");
      await streams.ensure(spec("a"));
      await at.bus.store("a.x", bytes("of the second life"));
    }
    if (lives.length === 3) break;
  }
  expect(lives).toEqual(["1 one", "2 two", "1 of the second life"]);
});

test("follow ends when its signal aborts, waiting or not, and when the bus is closed", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  await at.bus.store("a.x", bytes("one"));
  const stop = new AbortController();
  let caughtUp = 0;
  const onCaughtUp = (): void => {
    caughtUp += 1;
    stop.abort();
  };
  expect(texts(await all(at.bus.streams.follow("a", { signal: stop.signal, onCaughtUp })))).toEqual(["one"]);
  expect(caughtUp).toBe(1);
  expect(await all(at.bus.streams.follow("a", { signal: AbortSignal.abort() }))).toEqual([]);
  const other = await at.connect();
  const following = all(other.streams.follow("a", { onCaughtUp: () => void other.close() }));
  expect(texts(await following)).toEqual(["one"]);
  expect(texts(await take(at.bus.streams.follow("a"), 1))).toEqual(["one"]);
});

test("follow goes on after the server stood still", async () => {
  await using at = await startBus();
  const bus = await at.connect({ pingIntervalMs: 100 });
  await bus.streams.ensure(spec("a"));
  const seen: number[] = [];
  const current = Promise.withResolvers<void>();
  const following = (async () => {
    for await (const message of bus.streams.follow("a", { onCaughtUp: current.resolve })) {
      seen.push(message.sequence);
      if (text(message.data) === "end") return;
    }
  })();
  await current.promise;
  at.server.freeze();
  const lost = new Promise<void>((resolve) => bus.onStatus((status) => void (status === "disconnected" && resolve())));
  // Two pings go unanswered before the connection is given up.
  await lost;
  at.server.thaw();
  for (let index = 0; index < 3; index++)
    await bus.store("a.x", bytes(index === 2 ? "end" : "."), { timeoutMs: 20_000 });
  await following;
  expect(seen).toEqual([1, 2, 3]);
});

test("what another took out of its consumer leaves a gap, which follow sees and reads again in its place", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  const thief = await at.connect();
  const consumers = new Set<string>();
  const pulled = Promise.withResolvers<string>();
  const pulls = thief.subscribe("$JS.API.CONSUMER.MSG.NEXT.a.*", ({ subject }) => {
    consumers.add(subject);
    pulled.resolve(subject);
  });
  await pulls.ready;
  const following = take(at.bus.streams.follow("a"), 600);
  // What it gets comes under the stream's subject and so answers nothing.
  const request = bytes('{"batch":1,"expires":9000000000}');
  const stealing = rejection(thief.request(await pulled.promise, request, { timeoutMs: 500 }));
  await thief.flush();
  // More than one pull asks for: the thief's, which waits behind the first, comes before the next.
  await Promise.all(Array.from({ length: 600 }, (_, n) => at.bus.store("a.x", bytes(String(n)))));
  expect((await following).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 600 }, (_, n) => n + 1));
  expect(consumers.size).toBe(2);
  expect(await stealing).toMatchObject({ code: "timeout" });
});
