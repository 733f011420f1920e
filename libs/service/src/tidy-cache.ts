import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { codeRemovalAnswer, codeRemovalMax, type CodeRemovalRequest } from "@caxton/contracts/code-removal";
import { toCaxtonError } from "@caxton/contracts/errors";
import { VersionSpec } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { codeRemovalSubject, versionBucket } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";

interface Idle {
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface TidyCacheOptions<Component extends Idle> {
  readonly bus: Bus;
  readonly log: Logger;
  /** How long what is not in use stays; for ever where undefined. */
  readonly retentionMs: number | undefined;
  readonly signal: AbortSignal;
  /** Finds what is neither in use nor young enough. */
  readonly idle: (inUse: ReadonlySet<string>, retentionMs: number) => Promise<readonly Component[]>;
  /** @returns what went */
  readonly remove: (components: readonly Component[]) => Promise<readonly string[]>;
}

const sweepEveryMaxMs = 60 * 60 * 1000;
const recordTimeoutMs = 10_000;
const versionSpec = checker("version", VersionSpec);

/**
 * Sweeps the cache of prepared components now and then until `signal` aborts. In use is what runs, or is kept warm, by any
 * version's specification; what else a deployment needs an orchestrator knows, who puts on record what goes. Nothing goes
 * while the bus does not say what is in use, or nobody puts it on record.
 */
export async function keepCacheTidy<Component extends Idle>({
  bus,
  log,
  retentionMs,
  signal,
  idle,
  remove,
}: TidyCacheOptions<Component>): Promise<void> {
  if (retentionMs === undefined) return;
  const everyMs = Math.min(retentionMs, sweepEveryMaxMs);
  while (!signal.aborted) {
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const found = await idle(await digestsInUse(bus), retentionMs);
      const some = found.slice(0, codeRemovalMax);
      if (some.length === 0) continue;
      const keep = await putOnRecord(bus, some);
      const removed = await remove(some.filter(({ digest }) => !keep.has(digest)));
      if (removed.length > 0)
        log.info({ removed: removed.length }, "components that nobody used for long were removed");
    } catch (error) {
      const { code, message } = toCaxtonError(error);
      log.debug({ code }, `the cache was not swept: ${message}`);
    }
  }
}

/** @returns what must stay. @throws CaxtonError `no-instance` where there is no orchestrator */
async function putOnRecord(bus: Bus, components: readonly Idle[]): Promise<ReadonlySet<string>> {
  const request: CodeRemovalRequest = {
    place: hostname(),
    components: components.map(({ digest, sizeBytes }) => ({ digest, sizeBytes })),
  };
  const { data } = await bus.request(codeRemovalSubject, encodeJson(request), { timeoutMs: recordTimeoutMs });
  return new Set(codeRemovalAnswer.check(decodeJson(data)).keep);
}

async function digestsInUse(bus: Bus): Promise<ReadonlySet<string>> {
  const bucket = await bus.kv(versionBucket);
  const specs = (await bucket.entries()).map(({ value }) => versionSpec.check(decodeJson(value)));
  return new Set(specs.filter(({ desired }) => desired === "running").map(({ digest }) => digest));
}
