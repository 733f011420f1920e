import type { Bus } from "@caxton/bus/types";
import { serviceBucket } from "@caxton/contracts/subjects";
import { presenceTtlMs } from "@caxton/service/presence";

const prefix = "agent-host.";

export interface LivingHosts {
  /** The ids of the hosts heard of lately, without asking anybody. */
  ids(): readonly string[];
  readonly ended: Promise<void>;
}

/** Listens to what hosts say of themselves; each says it every second, and one that is silent is gone. */
export function followLivingHosts(bus: Bus, signal: AbortSignal): LivingHosts {
  const heardAtMs = new Map<string, number>();
  async function follow(): Promise<void> {
    const bucket = await bus.kv(serviceBucket, { ttlMs: presenceTtlMs });
    for await (const change of bucket.watch({ key: `${prefix}*`, signal })) {
      const key = change.type === "put" ? change.entry.key : change.key;
      if (change.type === "put") heardAtMs.set(key.slice(prefix.length), performance.now());
      else heardAtMs.delete(key.slice(prefix.length));
    }
  }
  return {
    ids() {
      const sinceMs = performance.now() - presenceTtlMs;
      for (const [id, atMs] of heardAtMs) if (atMs < sinceMs) heardAtMs.delete(id);
      return [...heardAtMs.keys()];
    },
    ended: follow(),
  };
}
