import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { KvBucket } from "@caxton/bus/types";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { slotBucket } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { startNatsServer } from "../../../../tests/harness/nats-server.ts";
import { claimSlot } from "./slot-claim.ts";

const slotStatus = checker("slot status", SlotStatus);
const key = "echo.v1.0";
const status = (host: string): SlotStatus => ({ host, instance: "", state: "starting", restarts: 0 });

test("a slot is deleted by its holder only: what another host wrote in the meantime stays", async () => {
  const server = await startNatsServer();
  const bus = await connectBus({ url: server.url, name: "test" });
  try {
    const bucket = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
    const claim = await claimSlot(bucket, key, status("one"));
    const others = await bucket.put(key, encodeJson(status("two")));
    await claim?.release();
    expect((await bucket.get(key))?.revision).toBe(others);

    await bucket.delete(key);
    const again = await claimSlot(bucket, key, status("one"));
    // A write of ours whose acknowledgement was lost.
    await bucket.put(key, encodeJson(status("one")));
    await again?.release();
    expect(await bucket.get(key)).toBeUndefined();
  } finally {
    await bus.close();
    await server.stop();
  }
});

test("what an instance takes goes out with the next refresh, and is not said of the next instance", async () => {
  const server = await startNatsServer();
  const bus = await connectBus({ url: server.url, name: "test" });
  try {
    const bucket = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
    const claim = await claimSlot(bucket, key, { ...status("one"), instance: "one-1" });
    claim?.noteUsage({ memoryBytes: 64_000_000 });
    expect(await written(bucket, (slot) => slot.memoryBytes !== undefined)).toMatchObject({ memoryBytes: 64_000_000 });
    claim?.set({ ...status("one"), instance: "one-1", state: "ready" });
    expect(await written(bucket, ({ state }) => state === "ready")).toMatchObject({ memoryBytes: 64_000_000 });
    claim?.set({ ...status("one"), instance: "one-2" });
    expect(await written(bucket, ({ instance }) => instance === "one-2")).not.toHaveProperty("memoryBytes");
    await claim?.release();
  } finally {
    await bus.close();
    await server.stop();
  }
});

async function written(bucket: KvBucket, isWanted: (slot: SlotStatus) => boolean): Promise<SlotStatus> {
  const found = new AbortController();
  for await (const change of bucket.watch({ key, signal: found.signal })) {
    const slot = change.type === "put" ? slotStatus.check(decodeJson(change.entry.value)) : undefined;
    if (slot === undefined || !isWanted(slot)) continue;
    found.abort();
    return slot;
  }
  throw new Error("the watch ended");
}
