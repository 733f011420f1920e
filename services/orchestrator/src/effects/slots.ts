import { decodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { slotBucket, versionKey } from "@caxton/contracts/subjects";

const slotStatus = checker("slot status", SlotStatus);
/** An expired slot is not announced, so the list is read again this often. */
const listEveryMs = 500;

/** The instances of a version now, at every change and every half second, until `until` says yes. @returns those it said yes to */
export async function slotsUntil(
  bus: Bus,
  agent: string,
  version: string,
  signal: AbortSignal,
  until: (slots: readonly SlotStatus[]) => boolean,
): Promise<readonly SlotStatus[]> {
  const bucket = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  signal.throwIfAborted();
  const filter = `${versionKey(agent, version)}.*`;
  const { promise, resolve, reject } = Promise.withResolvers<readonly SlotStatus[]>();
  const check = (slots: readonly SlotStatus[]): void => {
    if (until(slots)) resolve(slots);
  };
  const over = new AbortController();
  const cancelled = (): void => reject(signal.reason);
  signal.addEventListener("abort", cancelled, { once: true });
  // Where the watch breaks off the list still says it, a little later.
  watchSlots(bucket, filter, AbortSignal.any([signal, over.signal]), check).catch(() => undefined);
  const timer = setInterval(() => {
    listSlots(bucket, filter).then(check, () => undefined);
  }, listEveryMs);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", cancelled);
    clearInterval(timer);
    over.abort();
  }
}

async function listSlots(bucket: KvBucket, filter: string): Promise<readonly SlotStatus[]> {
  const entries = await bucket.entries(filter);
  return entries.map(({ value }) => slotStatus.check(decodeJson(value)));
}

/** `onChange` gets them once all that are there are known, and then at every change; expired ones are still among them. */
async function watchSlots(
  bucket: KvBucket,
  key: string,
  signal: AbortSignal,
  onChange: (slots: readonly SlotStatus[]) => void,
): Promise<void> {
  const known = new Map<string, SlotStatus>();
  let isCurrent = false;
  const onCurrent = (): void => {
    isCurrent = true;
    onChange([...known.values()]);
  };
  for await (const change of bucket.watch({ key, signal, onCurrent })) {
    if (change.type === "delete") known.delete(change.key);
    else known.set(change.entry.key, slotStatus.check(decodeJson(change.entry.value)));
    if (isCurrent) onChange([...known.values()]);
  }
}
