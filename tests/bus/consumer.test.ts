import type { ConsumerSpec } from "@caxton/bus/types";
import { expect, test } from "vitest";
import { all, bytes, spec, startBus, take, text, rejection } from "./bus-harness.ts";

const router: ConsumerSpec = { stream: "a", durable: "router", ackWaitMs: 1_000, maxAckPending: 1_000 };

test("what is acknowledged is done, what is given back comes again with its count", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  for (const name of ["1", "2", "3"]) await at.bus.store("a.x", bytes(name), { headers: { n: name } });
  const consumer = await at.bus.streams.consumer(router);
  const [first, second, third] = await all(consumer.fetch({ maxMessages: 3, expiresMs: 5_000 }));
  expect(first).toMatchObject({ subject: "a.x", sequence: 1, deliveryCount: 1, headers: { n: "1" } });
  expect(await first?.ack()).toBe(true);
  expect(await third?.ack()).toBe(true);
  expect(await consumer.info()).toEqual({ ackFloor: 1, ackPending: 1, pending: 0 });
  second?.nak();
  const [again] = await all(consumer.fetch({ maxMessages: 1, expiresMs: 5_000 }));
  expect(again).toMatchObject({ sequence: 2, deliveryCount: 2 });
  expect(await again?.ack()).toBe(true);
  expect(await consumer.info()).toEqual({ ackFloor: 3, ackPending: 0, pending: 0 });
});

test("fetch ends when its time is over, and with few messages keeps what came", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  const consumer = await at.bus.streams.consumer(router);
  expect(await all(consumer.fetch({ maxMessages: 10, expiresMs: 50 }))).toEqual([]);
  await at.bus.store("a.x", bytes("1"));
  const came = await all(consumer.fetch({ maxMessages: 10, expiresMs: 100 }));
  expect(came.map((delivery) => text(delivery.data))).toEqual(["1"]);
});

test("a loop that breaks off gives back at once what it did not take", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  await Promise.all(Array.from({ length: 10 }, (_, index) => at.bus.store("a.x", bytes(String(index)))));
  const consumer = await at.bus.streams.consumer({ ...router, ackWaitMs: 60_000 });
  const [first] = await take(consumer.fetch({ maxMessages: 10, expiresMs: 5_000 }), 1);
  expect(await first?.ack()).toBe(true);
  const rest = await all(consumer.fetch({ maxMessages: 9, expiresMs: 10_000 }));
  expect(rest.map((delivery) => delivery.sequence).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("working keeps a message from being redelivered", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  await at.bus.store("a.x", bytes("1"));
  const consumer = await at.bus.streams.consumer({ ...router, ackWaitMs: 400 });
  const [held] = await all(consumer.fetch({ maxMessages: 1, expiresMs: 1_000 }));
  const beat = setInterval(() => held?.working(), 100);
  expect(await all(consumer.fetch({ maxMessages: 1, expiresMs: 1_000 }))).toEqual([]);
  clearInterval(beat);
  const [again] = await all(consumer.fetch({ maxMessages: 1, expiresMs: 2_000 }));
  expect(again).toMatchObject({ sequence: 1, deliveryCount: 2 });
});

test("a killed server ends fetch and ack at once; the consumer goes on with the server", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  await at.bus.store("a.x", bytes("1"));
  const consumer = await at.bus.streams.consumer(router);
  const [held] = await all(consumer.fetch({ maxMessages: 1, expiresMs: 1_000 }));
  const waiting = rejection(all(consumer.fetch({ maxMessages: 1, expiresMs: 60_000 })));
  at.server.freeze();
  const unconfirmed = held?.ack();
  await at.server.kill();
  expect(await waiting).toMatchObject({ code: "bus-unavailable" });
  expect(await unconfirmed).toBe(false);
  await at.server.restart();
  const [again] = await all(consumer.fetch({ maxMessages: 1, expiresMs: 10_000 }));
  expect(again?.sequence).toBe(1);
  expect(await again?.ack()).toBe(true);
});

test("a consumer that was deleted ends fetch with bus-unavailable, waiting or not", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  const consumer = await at.bus.streams.consumer(router);
  const waiting = rejection(all(consumer.fetch({ maxMessages: 1, expiresMs: 60_000 })));
  await at.bus.flush();
  await at.bus.request("$JS.API.CONSUMER.DELETE.a.router", bytes(""), { timeoutMs: 1_000 });
  expect(await waiting).toMatchObject({ code: "bus-unavailable" });
  await expect(all(consumer.fetch({ maxMessages: 1, expiresMs: 60_000 }))).rejects.toMatchObject({
    code: "bus-unavailable",
  });
  await expect(consumer.info()).rejects.toMatchObject({ code: "bus-unavailable" });
});

test("a consumer is brought to a new spec and keeps its place", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  await at.bus.store("a.x", bytes("1"));
  const before = await at.bus.streams.consumer(router);
  for await (const delivery of before.fetch({ maxMessages: 1, expiresMs: 1_000 })) await delivery.ack();
  const after = await at.bus.streams.consumer({ ...router, ackWaitMs: 5_000, maxAckPending: 10 });
  expect(await after.info()).toEqual({ ackFloor: 1, ackPending: 0, pending: 0 });
  await expect(at.bus.streams.consumer({ ...router, stream: "none" })).rejects.toMatchObject({
    code: "stream-not-found",
  });
});
