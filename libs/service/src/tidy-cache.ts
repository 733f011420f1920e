import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { VersionSpec } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { versionBucket } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";

export interface TidyCacheOptions {
  readonly bus: Bus;
  readonly log: Logger;
  /** How long what is not in use stays; for ever where undefined. */
  readonly retentionMs: number | undefined;
  readonly signal: AbortSignal;
  /** Removes what is neither in use nor young enough. @returns what went */
  readonly sweep: (inUse: ReadonlySet<string>, retentionMs: number) => Promise<readonly string[]>;
}

const sweepEveryMaxMs = 60 * 60 * 1000;
const versionSpec = checker("version", VersionSpec);

/**
 * Sweeps the cache of prepared components now and then until `signal` aborts. In use is what any version's specification
 * names: those that run, those kept warm, and the last 32 of each agent that were stopped. Nothing goes while the bus does
 * not say which those are.
 */
export async function keepCacheTidy({ bus, log, retentionMs, signal, sweep }: TidyCacheOptions): Promise<void> {
  if (retentionMs === undefined) return;
  const everyMs = Math.min(retentionMs, sweepEveryMaxMs);
  while (!signal.aborted) {
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const removed = await sweep(await digestsInUse(bus), retentionMs);
      if (removed.length > 0)
        log.info({ removed: removed.length }, "components that nobody used for long were removed");
    } catch (error) {
      const { code, message } = toCaxtonError(error);
      log.debug({ code }, `the cache was not swept: ${message}`);
    }
  }
}

async function digestsInUse(bus: Bus): Promise<ReadonlySet<string>> {
  const bucket = await bus.kv(versionBucket);
  const digests = new Set<string>();
  for (const key of await bucket.keys()) {
    const entry = await bucket.get(key);
    if (entry !== undefined) digests.add(versionSpec.check(decodeJson(entry.value)).digest);
  }
  return digests;
}
