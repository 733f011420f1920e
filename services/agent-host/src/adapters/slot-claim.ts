import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { KvBucket } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";

const slotStatus = checker("slot status", SlotStatus);

type Usage = Pick<SlotStatus, "memoryBytes" | "cpuMs">;

/** A slot held by this host: its status, written again and again so that it does not expire. */
export interface SlotClaim {
  /** Aborts when another host was found to hold it. */
  readonly lost: AbortSignal;
  readonly status: SlotStatus;
  /** Written as soon as the bus takes it; only the newest counts. */
  set(status: SlotStatus): void;
  /** What the instance takes: goes out with the next refresh, and is no news of its own. */
  noteUsage(usage: Usage): void;
  /** Deletes the slot, where it is still ours. */
  release(): Promise<void>;
}

/** @returns undefined where somebody holds it */
export async function claimSlot(bucket: KvBucket, key: string, first: SlotStatus): Promise<SlotClaim | undefined> {
  try {
    return keepSlot(bucket, key, first, await bucket.create(key, encodeJson(first)));
  } catch (error) {
    if (hasCode(error, "wrong-sequence")) return undefined;
    throw error;
  }
}

function keepSlot(bucket: KvBucket, key: string, first: SlotStatus, firstRevision: number): SlotClaim {
  const lost = new AbortController();
  let status = first;
  let usage: Usage = {};
  let revision = firstRevision;
  let writing: Promise<void> | undefined;
  let isStale = false;
  const released = new AbortController();

  const encoded = (): Uint8Array => encodeJson({ ...status, ...usage });

  async function write(): Promise<void> {
    do {
      isStale = false;
      try {
        revision = await bucket.update(key, encoded(), revision);
      } catch (error) {
        if (!hasCode(error, "wrong-sequence")) return;
        await reclaim();
      }
    } while (isStale && !released.signal.aborted && !lost.signal.aborted);
  }

  /** It expired while the bus or this process stood still, or an earlier write went in without our hearing of it. */
  async function reclaim(): Promise<void> {
    const entry = await bucket.get(key);
    if (entry === undefined) {
      revision = await bucket.create(key, encoded());
    } else if (slotStatus.check(decodeJson(entry.value)).host === status.host) {
      revision = entry.revision;
      isStale = true;
    } else {
      lost.abort();
    }
  }

  async function deleteOwn(): Promise<void> {
    try {
      await bucket.delete(key, revision);
    } catch (error) {
      if (!hasCode(error, "wrong-sequence")) throw error;
      const entry = await bucket.get(key);
      if (entry === undefined || slotStatus.check(decodeJson(entry.value)).host !== status.host) return;
      await bucket.delete(key, entry.revision);
    }
  }

  function writeSoon(): void {
    isStale = true;
    if (released.signal.aborted || lost.signal.aborted || writing !== undefined) return;
    // What fails is tried again by the next refresh.
    writing = write()
      .catch(() => undefined)
      .finally(() => (writing = undefined));
  }

  const refresh = setInterval(writeSoon, slotTtlMs / 3);
  lost.signal.addEventListener("abort", () => clearInterval(refresh));
  return {
    lost: lost.signal,
    get status() {
      return status;
    },
    set(next) {
      if (next.instance !== status.instance) usage = {};
      status = next;
      writeSoon();
    },
    noteUsage(next) {
      usage = next;
    },
    async release() {
      released.abort();
      clearInterval(refresh);
      await writing;
      // What cannot be deleted expires.
      if (!lost.signal.aborted) await deleteOwn().catch(() => undefined);
    },
  };
}
