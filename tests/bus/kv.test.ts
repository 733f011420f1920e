import type { KvChange } from "@caxton/bus/types";
import { expect, test } from "vitest";
import { bytes, startBus, take, text } from "./bus-harness.ts";

const say = (change: KvChange): string =>
  change.type === "put" ? `${change.entry.key}=${text(change.entry.value)}` : `${change.key} deleted`;

test("create and update compare before they set", async () => {
  await using at = await startBus();
  const kv = await at.bus.kv("routes", { history: 3 });
  const first = await kv.create("agent.a", bytes("1"));
  await expect(kv.create("agent.a", bytes("2"))).rejects.toMatchObject({ code: "wrong-sequence" });
  const second = await kv.update("agent.a", bytes("2"), first);
  await expect(kv.update("agent.a", bytes("3"), first)).rejects.toMatchObject({ code: "wrong-sequence" });
  const entry = await kv.get("agent.a");
  expect(entry).toMatchObject({ key: "agent.a", revision: second });
  expect(text(entry?.value ?? bytes(""))).toBe("2");
  await kv.put("b", bytes("x"));
  expect(await kv.keys()).toEqual(["agent.a", "b"]);
  expect(await kv.keys("agent.*")).toEqual(["agent.a"]);
  await kv.delete("agent.a");
  expect(await kv.get("agent.a")).toBeUndefined();
  expect(await kv.keys()).toEqual(["b"]);
  expect(await kv.create("agent.a", bytes("again"))).toBeGreaterThan(second);
  await expect(kv.get("no key")).rejects.toMatchObject({ code: "invalid-argument" });
});

test("a key that is forgotten leaves nothing behind", async () => {
  await using at = await startBus();
  const kv = await at.bus.kv("routes");
  for (const key of ["agent.a", "agent.b"]) await kv.create(key, bytes("1"));
  await kv.delete("agent.a");
  await kv.forget("agent.a");
  await kv.forget("agent.none");
  expect(await kv.keys()).toEqual(["agent.b"]);
  expect((await at.bus.streams.info("KV_routes"))?.messages).toBe(1);
});

test("what is left of deleted keys goes when it is old enough; a key that came again stays", async () => {
  await using at = await startBus();
  const bucket = await at.bus.kv("specs");
  for (const key of ["a.old", "a.again", "a.kept", "b.old"]) await bucket.put(key, bytes("1"));
  for (const key of ["a.old", "a.again", "b.old"]) await bucket.delete(key);
  await bucket.put("a.again", bytes("2"));
  expect(await bucket.forgetDeleted("a.*", 60_000)).toBe(0);
  expect(await bucket.forgetDeleted("a.*", -1_000)).toBe(1);
  expect(await at.bus.streams.info("KV_specs")).toMatchObject({ messages: 3 });
  expect(await bucket.keys()).toEqual(["a.again", "a.kept"]);
  expect(text((await bucket.get("a.again"))?.value ?? bytes(""))).toBe("2");
});

test("entries of a bucket with a ttl go away, and another ttl is refused", async () => {
  await using at = await startBus();
  const kv = await at.bus.kv("short", { ttlMs: 300 });
  await kv.create("k", bytes("1"));
  await expect.poll(() => kv.get("k"), { timeout: 5_000 }).toBeUndefined();
  await kv.create("k", bytes("2"));
  await expect(at.bus.kv("short", { ttlMs: 400 })).rejects.toMatchObject({ code: "internal" });
});

test("watch gives what is there, then every change, across a kill of the server", async () => {
  await using at = await startBus();
  const kv = await at.bus.kv("routes");
  const writer = await (await at.connect()).kv("routes");
  await writer.put("a", bytes("0"));
  await writer.put("a", bytes("1"));
  await writer.put("b", bytes("1"));
  await writer.put("gone", bytes("1"));
  await writer.delete("gone");
  const current = Promise.withResolvers<void>();
  const changes = take(kv.watch({ onCurrent: current.resolve }), 6);
  await current.promise;
  await writer.put("a", bytes("2"));
  await at.server.kill();
  await at.server.restart();
  await writer.put("b", bytes("2"));
  await writer.delete("a");
  await writer.put("c", bytes("1"));
  expect((await changes).map(say)).toEqual(["a=1", "b=1", "a=2", "b=2", "a deleted", "c=1"]);
});

test("watch of one key in an empty bucket is current at once and ends on abort", async () => {
  await using at = await startBus();
  const kv = await at.bus.kv("routes");
  const stop = new AbortController();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const change of kv.watch({
      key: "a",
      signal: stop.signal,
      onCurrent: () => void kv.put("b", bytes("1")).then(() => kv.put("a", bytes("1"))),
    })) {
      seen.push(say(change));
      stop.abort();
    }
  })();
  await watching;
  expect(seen).toEqual(["a=1"]);
});

test("a list holds every key while all of them are written again and again", async () => {
  await using at = await startBus();
  const kv = await at.bus.kv("slots", { ttlMs: 3_000 });
  const writer = await (await at.connect()).kv("slots", { ttlMs: 3_000 });
  const keys = ["v1.0", "v1.1", "v1.2", "v1.3"];
  for (const key of keys) await writer.put(key, bytes("x"));
  const read = new AbortController();
  const writing = keys.map(async (key) => {
    while (!read.signal.aborted) await writer.put(key, bytes("y"));
  });
  for (let list = 0; list < 200; list += 1) expect(await kv.keys("v1.*")).toEqual(keys);
  read.abort();
  await Promise.all(writing);
});
