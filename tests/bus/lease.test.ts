import { holdLease, type LeaseSeat } from "@caxton/bus/hold-lease";
import { claimLease, decodeLease, type HeldLease } from "@caxton/bus/lease";
import type { KvBucket } from "@caxton/bus/types";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startBus } from "./bus-harness.ts";

interface Contender {
  readonly seat: LeaseSeat;
  /** Resolves with the lease at the next time it is taken. */
  acquired(): Promise<HeldLease>;
  readonly errors: unknown[];
}

function contend(bucket: KvBucket, holderId: string, ttlMs = 600): Contender {
  let next = Promise.withResolvers<HeldLease>();
  const errors: unknown[] = [];
  const onAcquired = (lease: HeldLease): void => {
    next.resolve(lease);
    next = Promise.withResolvers<HeldLease>();
  };
  const seat = holdLease(bucket, {
    key: "relay.a",
    holderId,
    ttlMs,
    onAcquired,
    onError: (error) => errors.push(error),
  });
  return { seat, errors, acquired: () => next.promise };
}

const holderOf = async (bucket: KvBucket, key = "relay.a"): Promise<unknown> => {
  const entry = await bucket.get(key);
  return entry === undefined ? undefined : decodeLease(entry);
};

test("one holds, the other takes over at once when it is given up", async () => {
  await using at = await startBus();
  const bucket = await at.bus.kv("leases");
  const one = contend(bucket, "one");
  await one.acquired();
  const two = contend(await (await at.connect()).kv("leases"), "two");
  const takenOver = two.acquired();
  // Longer than the time after which a silent holder is replaced: refreshes are what keeps it.
  const refreshed = (await bucket.get("relay.a"))?.revision ?? 0;
  await expect
    .poll(async () => (await bucket.get("relay.a"))?.revision ?? 0, { timeout: 5_000 })
    .toBeGreaterThan(refreshed + 6);
  expect(await holderOf(bucket)).toEqual({ holder: "one", value: null });
  expect(two.seat.held).toBeUndefined();
  await one.seat.close();
  expect(one.seat.held).toBeUndefined();
  await takenOver;
  expect(await holderOf(bucket)).toEqual({ holder: "two", value: null });
  await two.seat.close();
  expect(await bucket.get("relay.a")).toBeUndefined();
  expect([...one.errors, ...two.errors]).toEqual([]);
});

test("a killed holder is replaced within two seconds", async () => {
  await using at = await startBus();
  const bucket = await at.bus.kv("leases");
  const child = spawn(process.execPath, [join(import.meta.dirname, "lease-holder.ts"), at.server.url, "child"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const heir = contend(bucket, "heir", 1_500);
  const takenOver = heir.acquired();
  const watched = await bucket.get("relay.a");
  // A refresh seen before the kill: the heir waits and does not take what is alive.
  await expect
    .poll(async () => (await bucket.get("relay.a"))?.revision ?? 0, { timeout: 5_000 })
    .toBeGreaterThan(watched?.revision ?? 0);
  child.kill("SIGKILL");
  const killedAtMs = performance.now();
  await takenOver;
  expect(performance.now() - killedAtMs).toBeLessThan(2_000);
  expect(await holderOf(bucket)).toEqual({ holder: "heir", value: null });
  await heir.seat.close();
});

test("a holder that was frozen finds its lease in other hands", async () => {
  await using at = await startBus();
  const bucket = await at.bus.kv("leases");
  const one = contend(bucket, "one");
  const lease = await one.acquired();
  // What a contender does after the holder was silent, without waiting for it.
  const entry = await bucket.get("relay.a");
  await bucket.update("relay.a", new TextEncoder().encode('{"holder":"two","value":null}'), entry?.revision ?? 0);
  await once(lease.signal, "abort");
  expect(one.seat.held).toBeUndefined();
  await expect(lease.setValue("mine")).rejects.toMatchObject({ code: "wrong-sequence" });
  await lease.release();
  expect(await holderOf(bucket)).toEqual({ holder: "two", value: null });
  // Nobody refreshes for `two`, so `one` has it again.
  expect((await one.acquired()).signal.aborted).toBe(false);
  await one.seat.close();
});

test("a claim is one try, its value can be changed, and a bucket's ttl frees it after death", async () => {
  await using at = await startBus();
  const bucket = await at.bus.kv("slots", { ttlMs: 600 });
  const first = await claimLease(bucket, {
    key: "v1.0",
    holderId: "host-1",
    ttlMs: 600,
    value: { status: "starting" },
  });
  expect(await claimLease(bucket, { key: "v1.0", holderId: "host-2", ttlMs: 600 })).toBeUndefined();
  await first?.setValue({ status: "ready" });
  expect(await holderOf(bucket, "v1.0")).toEqual({ holder: "host-1", value: { status: "ready" } });
  const before = await bucket.get("v1.0");
  await expect
    .poll(async () => (await bucket.get("v1.0"))?.revision ?? 0, { timeout: 5_000 })
    .toBeGreaterThan((before?.revision ?? 0) + 3);
  expect(await holderOf(bucket, "v1.0")).toEqual({ holder: "host-1", value: { status: "ready" } });
  await first?.release();
  const mortal = await at.connect();
  await claimLease(await mortal.kv("slots", { ttlMs: 600 }), { key: "v1.0", holderId: "host-2", ttlMs: 600 });
  await mortal.close();
  await expect
    .poll(() => claimLease(bucket, { key: "v1.0", holderId: "host-3", ttlMs: 600 }), { timeout: 5_000 })
    .toBeDefined();
});

test("the holder keeps its lease when the server is killed and started again", async () => {
  await using at = await startBus();
  const bucket = await at.bus.kv("leases");
  const one = contend(bucket, "one");
  const lease = await one.acquired();
  await at.server.kill();
  await at.server.restart();
  await lease.setValue("still here");
  expect(lease.signal.aborted).toBe(false);
  expect(await holderOf(bucket)).toEqual({ holder: "one", value: "still here" });
  await one.seat.close();
  expect(one.errors).toEqual([]);
});

test("work that fails gives the lease up and is reported", async () => {
  await using at = await startBus();
  const bucket = await at.bus.kv("leases");
  const failed = Promise.withResolvers<unknown>();
  const onAcquired = (): Promise<void> => Promise.reject(new Error("no luck"));
  const seat = holdLease(bucket, { key: "relay.a", holderId: "one", onAcquired, onError: failed.resolve });
  expect(await failed.promise).toMatchObject({ message: "no luck" });
  const two = contend(bucket, "two");
  await two.acquired();
  await seat.close();
  await two.seat.close();
});
