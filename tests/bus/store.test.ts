import { setImmediate } from "node:timers/promises";
import { toCaxtonError } from "@caxton/contracts/errors";
import { connectBus } from "@caxton/bus/connect";
import { expect, test } from "vitest";
import { freePort } from "../harness/nats-server.ts";
import { bytes, spec, startBus, text, rejection } from "./bus-harness.ts";

test("a stored message has the sequence it was acknowledged with", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  const ack = await at.bus.store("a.x", bytes("one"), { headers: { traceparent: "00-1" } });
  expect(ack).toEqual({ stream: "a", sequence: 1, duplicate: false });
  const stored = await at.bus.streams.get("a", 1);
  expect(stored).toMatchObject({ subject: "a.x", sequence: 1, headers: { traceparent: "00-1" } });
  expect(text(stored?.data ?? bytes(""))).toBe("one");
  expect(await at.bus.streams.last("a", "a.x")).toEqual(stored);
  expect(await at.bus.streams.last("a", "a.y")).toBeUndefined();
  expect(await at.bus.streams.get("a", 2)).toBeUndefined();
});

test("hundreds in flight are stored in the order of the calls", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  const acks = await Promise.all(
    Array.from({ length: 500 }, (_, index) => at.bus.store("a.x", bytes(String(index)), { expectLastSequence: index })),
  );
  expect(acks.map((ack) => ack.sequence)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
});

test("a message id is stored once inside the duplicate window", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  const first = await at.bus.store("a.x", bytes("1"), { messageId: "id-1" });
  const second = await at.bus.store("a.x", bytes("1"), { messageId: "id-1" });
  expect(second).toEqual({ ...first, duplicate: true });
});

test("what the server refuses has our codes", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a", { maxMessages: 3, maxMessageBytes: 500 }));
  await at.bus.store("a.x", bytes("1"), { expectLastSubjectSequence: 0 });
  const repeated = at.bus.store("a.x", bytes("2"), { expectLastSubjectSequence: 0 });
  await expect(repeated).rejects.toMatchObject({ code: "wrong-sequence", details: { lastSequence: 1 } });
  await expect(at.bus.store("a.x", bytes("2"), { expectLastSequence: 7 })).rejects.toMatchObject({
    code: "wrong-sequence",
  });
  await expect(at.bus.store("a.x", new Uint8Array(501))).rejects.toMatchObject({ code: "message-too-large" });
  await expect(at.bus.store("a.x", new Uint8Array(3e6))).rejects.toMatchObject({
    code: "message-too-large",
    details: { bytes: 3e6, maxBytes: at.bus.maxPayloadBytes },
  });
  await at.bus.store("a.x", new Uint8Array(400));
  await at.bus.store("a.x", new Uint8Array(400));
  await expect(at.bus.store("a.x", new Uint8Array(400))).rejects.toMatchObject({ code: "inbox-full" });
  await expect(at.bus.store("nobody.x", bytes(""))).rejects.toMatchObject({ code: "unknown-agent" });
});

test("while a server goes down in good order nothing is said to be missing", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  const bucket = await at.bus.kv("held");
  const codes = new Set<string>();
  const down = new AbortController();
  const keepStoring = async (store: () => Promise<unknown>): Promise<void> => {
    while (!down.signal.aborted) {
      await store().catch((error: unknown) => codes.add(toCaxtonError(error).code));
      await setImmediate();
    }
  };
  const storing = [
    keepStoring(() => at.bus.store("a.x", bytes("1"), { timeoutMs: 500 })),
    keepStoring(() => bucket.put("k", bytes("1"))),
  ];
  for (let time = 0; time < 3; time += 1) {
    await at.server.kill("SIGTERM");
    await at.server.restart();
  }
  down.abort();
  await Promise.all(storing);
  expect([...codes].filter((code) => !["bus-unavailable", "timeout"].includes(code))).toEqual([]);
  expect(codes).toContain("bus-unavailable");
  await at.bus.streams.delete("KV_held");
  await expect(bucket.put("k", bytes("1"))).rejects.toMatchObject({ code: "stream-not-found" });
});

test("a store in flight fails at once when the server is killed, a later one waits until it is back", async () => {
  await using at = await startBus();
  await at.bus.streams.ensure(spec("a"));
  at.server.freeze();
  const inFlight = at.bus.store("a.x", bytes("1"), { timeoutMs: 60_000 });
  const failed = rejection(inFlight);
  await at.server.kill();
  expect(await failed).toMatchObject({ code: "bus-unavailable" });
  expect(at.bus.status).toBe("disconnected");
  const later = at.bus.store("a.x", bytes("2"), { timeoutMs: 20_000 });
  const never = at.bus.store("a.x", bytes("3"), { timeoutMs: 20_000, failWhenAway: true });
  await expect(never).rejects.toMatchObject({ code: "bus-unavailable", message: /is away now/ });
  await at.server.restart();
  expect((await later).stream).toBe("a");
  expect(at.bus.status).toBe("connected");
});

test("a server that stays away ends the wait with bus-unavailable and its url", async () => {
  await using at = await startBus();
  await at.server.kill();
  await expect(at.bus.store("a.x", bytes("1"), { timeoutMs: 50 })).rejects.toMatchObject({ code: "bus-unavailable" });
  const url = `nats://127.0.0.1:${await freePort()}`;
  const refused = connectBus({ url, name: "test", connectTimeoutMs: 200 });
  await expect(refused).rejects.toMatchObject({ code: "bus-unavailable", details: { url } });
});
