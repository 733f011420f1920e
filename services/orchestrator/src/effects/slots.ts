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
  const filter = `${versionKey(agent, version)}.*`;
  const change = changes(bucket, filter, signal);
  try {
    for (;;) {
      signal.throwIfAborted();
      const changed = change.next();
      const slots = await list(bucket, filter);
      if (until(slots)) return slots;
      await changed;
    }
  } finally {
    change.stop();
  }
}

async function list(bucket: KvBucket, filter: string): Promise<readonly SlotStatus[]> {
  const entries = await Promise.all((await bucket.keys(filter)).map((key) => bucket.get(key)));
  return entries.flatMap((entry) => (entry === undefined ? [] : [slotStatus.check(decodeJson(entry.value))]));
}

/** `next` resolves at the first change after it was called, or after a while. */
function changes(bucket: KvBucket, key: string, signal: AbortSignal): { next(): Promise<void>; stop(): void } {
  const stopping = new AbortController();
  let wake = (): void => undefined;
  const timer = setInterval(() => wake(), listEveryMs);
  const watching = async () => {
    const watch = bucket.watch({ key, signal: AbortSignal.any([signal, stopping.signal]) })[Symbol.asyncIterator]();
    while ((await watch.next()).done !== true) wake();
  };
  watching().catch(() => undefined);
  signal.addEventListener("abort", () => wake(), { once: true });
  return {
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    stop() {
      clearInterval(timer);
      stopping.abort();
    },
  };
}
