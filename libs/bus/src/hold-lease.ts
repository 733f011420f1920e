import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { isPassing } from "./errors.ts";
import { claimLease, decodeLease, defaultLeaseTtlMs, takeOverLease, type HeldLease, type LeaseClaim } from "./lease.ts";
import type { KvBucket } from "./types.ts";

export interface HoldLeaseOptions extends LeaseClaim {
  /**
   * The work of the one active holder, begun each time the lease is taken. When it rejects, the lease is given up and the
   * error goes to `onError`; when it resolves, the lease is kept until it is lost or closed. `signal` ends the work: the
   * lease was lost, or the seat is closing and waits for the work before it gives the lease up.
   */
  readonly onAcquired: (lease: HeldLease, signal: AbortSignal) => void | Promise<void>;
  readonly onError: (error: unknown) => void;
}

export interface LeaseSeat {
  /** The lease while this process holds it. */
  readonly held: HeldLease | undefined;
  /** Ends the work, waits for it, and gives the lease up. */
  close(): Promise<void>;
}

/**
 * Contends for a key for ever: one active holder, the others wait and take over when it gives up, or when its entry has not
 * changed for `ttlMs` by their own clock (no clocks are compared, no TTL of the bucket is needed). The warning of
 * `claimLease` holds here too.
 */
export function holdLease(bucket: KvBucket, options: HoldLeaseOptions): LeaseSeat {
  const { key, holderId, onAcquired, onError, ttlMs = defaultLeaseTtlMs } = options;
  const closing = new AbortController();
  let held: HeldLease | undefined;
  const contending = contend();

  async function contend(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        held = (await claimLease(bucket, options)) ?? (await waitAndTakeOver());
        if (held !== undefined) await work(held);
      } catch (error) {
        if (!closing.signal.aborted && !isPassing(error)) onError(error);
        await pause(ttlMs / 3);
      }
    }
  }

  /** undefined when the key became free, or when somebody else was faster. */
  async function waitAndTakeOver(): Promise<HeldLease | undefined> {
    let seen: number | undefined;
    let seenAtMs = performance.now();
    while (!closing.signal.aborted) {
      const askedAtMs = performance.now();
      const entry = await bucket.get(key);
      if (entry === undefined || decodeLease(entry).holder === holderId) return undefined;
      // An answer that was long in coming means that the holder could not refresh either: it gets its time again.
      if (entry.revision !== seen || performance.now() - askedAtMs > ttlMs / 3) {
        seen = entry.revision;
        seenAtMs = performance.now();
      }
      if (performance.now() - seenAtMs >= ttlMs) return await takeOverLease(bucket, options, entry.revision);
      await pause(ttlMs / 5);
    }
    return undefined;
  }

  async function work(lease: HeldLease): Promise<void> {
    const signal = AbortSignal.any([lease.signal, closing.signal]);
    try {
      await onAcquired(lease, signal);
      if (!signal.aborted) await once(signal, "abort");
    } catch (error) {
      onError(error);
      await lease.release();
      // Somebody else may do better.
      await pause(ttlMs);
    } finally {
      held = undefined;
      await lease.release();
    }
  }

  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: closing.signal }).catch(() => {});
  }

  return {
    get held() {
      return held?.signal.aborted === false ? held : undefined;
    },
    async close() {
      closing.abort();
      await contending;
    },
  };
}
