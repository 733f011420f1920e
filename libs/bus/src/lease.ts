import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import { isPassing } from "./errors.ts";
import { decodeJson, encodeJson } from "./json.ts";
import type { KvBucket, KvEntry } from "./types.ts";

export const defaultLeaseTtlMs = 1_500;

/** What lies under a lease's key, for whoever wants to know who holds it and in which state. */
export interface LeaseRecord {
  readonly holder: string;
  readonly value: unknown;
}

export interface LeaseClaim {
  readonly key: string;
  /** Unique to this life of this process: who finds it in the entry takes the lease for its own. */
  readonly holderId: string;
  /** Any JSON. */
  readonly value?: unknown;
  /** Refreshed at a third of it; others take over when they saw no refresh for as long. 1 500 unless given. */
  readonly ttlMs?: number;
}

/** A lease that this process holds, as far as it knows. */
export interface HeldLease {
  readonly key: string;
  /** Aborts when the lease was released or found in other hands. */
  readonly signal: AbortSignal;
  /** Writes another value beside the holder. @throws CaxtonError `wrong-sequence` when the lease is no longer ours, `bus-unavailable`, `timeout` */
  setValue(value: unknown): Promise<void>;
  /** Gives it up, so that the next one need not wait. Never throws: what cannot be deleted runs out. */
  release(): Promise<void>;
}

/** @throws CaxtonError `internal` for an entry that is no lease */
export function decodeLease(entry: KvEntry): LeaseRecord {
  const record = decodeJson(entry.value);
  if (typeof record === "object" && record !== null && "holder" in record && typeof record.holder === "string") {
    return { holder: record.holder, value: "value" in record ? record.value : undefined };
  }
  throw new CaxtonError("internal", `${entry.key} holds no lease`);
}

/**
 * One try to take a free key: undefined where somebody holds it. Keys of dead holders become free by the bucket's TTL.
 * Leases are for efficiency, never for correctness: a holder that was frozen, or is cut off from the server, believes in its
 * lease until it hears otherwise, while another one already has it. What must not be done twice is guarded by sequences.
 * @throws CaxtonError `bus-unavailable`, `timeout`
 */
export async function claimLease(bucket: KvBucket, claim: LeaseClaim): Promise<HeldLease | undefined> {
  const { key, holderId, value = null } = claim;
  try {
    return keepLease(bucket, claim, await bucket.create(key, encodeRecord(holderId, value)));
  } catch (error) {
    if (!hasCode(error, "wrong-sequence")) throw error;
    // Ours, if an earlier try was stored without our hearing of it.
    const entry = await bucket.get(key);
    return entry !== undefined && decodeLease(entry).holder === holderId
      ? keepLease(bucket, claim, entry.revision)
      : undefined;
  }
}

/** Takes a key away from a holder whose entry has not changed since `revision`. */
export async function takeOverLease(
  bucket: KvBucket,
  claim: LeaseClaim,
  revision: number,
): Promise<HeldLease | undefined> {
  try {
    return keepLease(
      bucket,
      claim,
      await bucket.update(claim.key, encodeRecord(claim.holderId, claim.value ?? null), revision),
    );
  } catch (error) {
    if (hasCode(error, "wrong-sequence")) return undefined;
    throw error;
  }
}

function encodeRecord(holder: string, value: unknown): Uint8Array {
  return encodeJson({ holder, value } satisfies LeaseRecord);
}

function keepLease(bucket: KvBucket, claim: LeaseClaim, firstRevision: number): HeldLease {
  const { key, holderId, ttlMs = defaultLeaseTtlMs } = claim;
  const ended = new AbortController();
  let value: unknown = claim.value ?? null;
  let revision = firstRevision;
  // Refreshes and new values go one after the other, each on the revision of the one before.
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;

  const write = (): Promise<void> => {
    waiting += 1;
    last = last
      .catch(() => {})
      .then(writeNow)
      .finally(() => (waiting -= 1));
    return last;
  };

  async function writeNow(): Promise<void> {
    if (ended.signal.aborted)
      throw new CaxtonError("wrong-sequence", `the lease ${key} is no longer held by ${holderId}`);
    for (;;) {
      try {
        revision = await bucket.update(key, encodeRecord(holderId, value), revision);
        return;
      } catch (error) {
        if (!hasCode(error, "wrong-sequence")) throw error;
        const entry = await bucket.get(key);
        if (entry === undefined || decodeLease(entry).holder !== holderId || entry.revision === revision) {
          ended.abort();
          throw error;
        }
        // An earlier write of ours went in without our hearing of it.
        revision = entry.revision;
      }
    }
  }

  const refresh = setInterval(() => {
    if (waiting > 0) return;
    write().catch((error: unknown) => {
      // While the server is away nobody else can take it either; the next refresh tells.
      if (!isPassing(error)) ended.abort();
    });
  }, ttlMs / 3);
  ended.signal.addEventListener("abort", () => clearInterval(refresh));

  return {
    key,
    signal: ended.signal,
    async setValue(next) {
      value = next;
      await write();
    },
    async release() {
      if (ended.signal.aborted) return;
      ended.abort();
      await last.catch(() => {});
      await bucket.delete(key, revision).catch(() => {});
    },
  };
}
