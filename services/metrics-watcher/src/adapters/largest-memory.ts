import { jsonOrUndefined } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { slotBucket, versionKey } from "@caxton/contracts/subjects";

const slotStatus = checker("slot status", SlotStatus);

/** What the largest of a version's instances takes, in bytes, as their hosts said it last; undefined while none did. */
export async function largestMemory(bus: Pick<Bus, "kv">, agent: string, version: string): Promise<number | undefined> {
  const bucket = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const keys = await bucket.keys(`${versionKey(agent, version)}.*`);
  const entries = await Promise.all(keys.map((key) => bucket.get(key)));
  const taken = entries.flatMap((entry) => {
    const status = entry === undefined ? undefined : jsonOrUndefined(entry.value);
    return slotStatus.matches(status) && status.memoryBytes !== undefined ? [status.memoryBytes] : [];
  });
  return taken.length === 0 ? undefined : Math.max(...taken);
}
