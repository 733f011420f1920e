import { decodeLease, defaultLeaseTtlMs } from "@caxton/bus/lease";
import type { Bus } from "@caxton/bus/types";
import { leaseBucket } from "@caxton/contracts/subjects";

/** Resolves with who holds a lease, as soon as somebody does that is not `not`. */
export async function leaseHolder(bus: Bus, key: string, not?: string): Promise<string> {
  const leases = await bus.kv(leaseBucket, { ttlMs: defaultLeaseTtlMs });
  for await (const change of leases.watch({ key })) {
    if (change.type !== "put") continue;
    const { holder } = decodeLease(change.entry);
    if (holder !== not) return holder;
  }
  throw new Error(`the watch on the lease ${key} ended`);
}
