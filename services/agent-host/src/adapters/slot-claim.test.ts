import { connectBus } from "@caxton/bus/connect";
import { encodeJson } from "@caxton/bus/json";
import { type SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { slotBucket } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { startNatsServer } from "../../../../tests/harness/nats-server.ts";
import { claimSlot } from "./slot-claim.ts";

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
