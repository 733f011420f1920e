import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import type { Busy } from "@caxton/contracts/busy";
import { toCaxtonError } from "@caxton/contracts/errors";
import { slotTtlMs, VersionSpec } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { busySubject, slotBucket, versionBucket } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { keepCacheTidy } from "@caxton/service/tidy-cache";
import { idleComponents, removeComponents } from "@caxton/wasm-agent/sweep-cache";
import { codeCacheFolder } from "@caxton/wasm-agent/prepare";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { availableParallelism, totalmem } from "node:os";
import { Admission, promisedBytes } from "./adapters/admission.ts";
import { followLivingHosts } from "./adapters/living-hosts.ts";
import { endOrphans } from "./adapters/orphans.ts";
import { claimSlot, type SlotClaim } from "./adapters/slot-claim.ts";
import { SpareProcesses } from "./adapters/spare-process.ts";
import { wantedSlots, type WantedSlot } from "./core/slots.ts";
import { preferredHost } from "./core/spread.ts";
import { Turns } from "./core/turns.ts";
import { runSlot, type SlotContext } from "./slot.ts";

export interface AgentHostOptions {
  readonly bus: Bus;
  readonly log: Logger;
  /** Tells hosts apart; each start should have its own. */
  readonly id: string;
  /** Where prepared components are kept; may be shared and survives. */
  readonly cacheDir: string;
  /** How long one stays there that no version names any more; for ever unless given. */
  readonly cacheRetentionMs?: number;
  /** Most instances that start at once; as many as there are processors unless given. */
  readonly maxStarting?: number;
  /** Most memory that may be promised to instances; all that the machine has unless given. */
  readonly memoryMaxBytes?: number;
  /** How the instances reach the bus; they have connections of their own. */
  readonly busUrl: string;
}

/** A slot whose holder died expires without a word, so it is looked for. */
const lookEveryMs = 1_000;
/** A free slot is left to the host it should go to for so long. */
const leaveToOthersMs = 600;
/** What was refused is asked for again after so long, and worth a word when that lasts. */
const askAgainMs = 250;
const sayBusyAfterMs = 1_500;
const versionSpec = checker("version", VersionSpec);

/** Runs instances of the versions that should run, as many as no other host does. */
export async function startAgentHost(options: AgentHostOptions): Promise<{ close(): Promise<void> }> {
  const { bus, log, id, cacheDir, busUrl } = options;
  // A slot of an earlier life of this host is not ours.
  const host = `${id}.${randomUUID().slice(0, 4)}`;
  const spares = new SpareProcesses(codeCacheFolder(cacheDir));
  const context: SlotContext = {
    bus,
    busUrl,
    log,
    host,
    cacheDir,
    spares,
    startTurns: new Turns(availableParallelism()),
  };
  const bucket = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const specs = new Map<string, VersionSpec>();
  const held = new Map<string, HeldSlot>();
  const { maxStarting = availableParallelism(), memoryMaxBytes = totalmem() } = options;
  const admission = new Admission({ host: id, maxStarting, memoryMaxBytes });
  /** Slots that were refused, by when they first were. */
  const busySince = new Map<string, number>();
  const stop = new AbortController();
  const watching = watchVersions(bus, log, specs, () => void look(), stop.signal);
  const hosts = followLivingHosts(bus, stop.signal);
  hosts.ended.catch((error: unknown) => log.warn(`other hosts are not heard: ${toCaxtonError(error).message}`));
  const timer = setInterval(() => void look(), lookEveryMs);

  async function look(): Promise<void> {
    if (stop.signal.aborted) return;
    const wanted = wantedSlots(specs.values());
    for (const [key, slot] of held) if (!wanted.has(key)) slot.stop.abort();
    for (const key of busySince.keys()) if (!wanted.has(key)) busySince.delete(key);
    await Promise.all([...wanted.values()].filter(({ key }) => !held.has(key)).map(hold));
  }

  async function hold(slot: WantedSlot): Promise<void> {
    const own = new AbortController();
    const ended = run(slot, own.signal).catch((error: unknown) => {
      const { code, message } = toCaxtonError(error);
      log.debug({ slot: slot.key, code }, `slot not held: ${message}`);
    });
    held.set(slot.key, { stop: own, ended });
    await ended;
    held.delete(slot.key);
    // It may be wanted again already.
    if (own.signal.aborted) void look();
  }

  async function run(slot: WantedSlot, signal: AbortSignal): Promise<void> {
    if (preferredHost(slot, [...hosts.ids(), id]) !== id) {
      if ((await bucket.get(slot.key)) !== undefined) return;
      await delay(leaveToOthersMs, undefined, { signal });
    }
    let claim: SlotClaim | undefined;
    const isStarting = (): boolean =>
      claim === undefined || (claim.status.state === "starting" && claim.status.restarts === 0);
    const refused = admission.ask(slot.key, promisedBytes(slot.spec), isStarting, performance.now());
    if (refused !== undefined) return await waitInLine(slot, refused, signal);
    busySince.delete(slot.key);
    try {
      claim = await claimStarting(bucket, slot, host);
      if (claim !== undefined) await runSlot(context, slot, claim, signal);
    } finally {
      admission.left(slot.key);
    }
  }

  /** Another host may take it meanwhile; whoever waits for it is told, where that lasts. */
  async function waitInLine({ key, spec }: WantedSlot, refused: Busy, signal: AbortSignal): Promise<void> {
    const nowMs = performance.now();
    const sinceMs = busySince.get(key) ?? nowMs;
    busySince.set(key, sinceMs);
    const isTaken = (await bucket.get(key)) !== undefined;
    if (!isTaken && nowMs - sinceMs >= sayBusyAfterMs)
      bus.publish(busySubject(spec.agent, spec.version), encodeJson(refused));
    await delay(askAgainMs, undefined, { signal });
    setImmediate(() => void look());
  }

  const orphansEnded = endOrphans(stop.signal).then((pids) => {
    if (pids.length > 0)
      log.warn({ event: "orphans", pids }, "ended instances that a host which was killed had left behind");
  });
  const tidying = keepCacheTidy({
    bus,
    log,
    retentionMs: options.cacheRetentionMs,
    signal: stop.signal,
    idle: (inUse, retentionMs) => idleComponents({ cacheDir, inUse, retentionMs, nowMs: Date.now() }),
    remove: (components) => removeComponents(cacheDir, components),
  });
  await watching.current;
  spares.refill();
  return {
    async close() {
      stop.abort();
      clearInterval(timer);
      for (const slot of held.values()) slot.stop.abort();
      await Promise.all([...held.values()].map(({ ended }) => ended));
      await Promise.all([watching.ended, hosts.ended.catch(() => undefined), tidying, orphansEnded]);
      spares.close();
    },
  };
}

interface HeldSlot {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

function claimStarting(bucket: KvBucket, slot: WantedSlot, host: string): ReturnType<typeof claimSlot> {
  return claimSlot(bucket, slot.key, { host, instance: "", state: "starting", restarts: 0 });
}

/** Keeps `specs` as the bucket has them, and says when they changed. */
function watchVersions(
  bus: Bus,
  log: Logger,
  specs: Map<string, VersionSpec>,
  onChange: () => void,
  signal: AbortSignal,
): { readonly current: Promise<void>; readonly ended: Promise<void> } {
  const current = Promise.withResolvers<void>();
  async function follow(): Promise<void> {
    const bucket = await bus.kv(versionBucket);
    const onCurrent = (): void => {
      current.resolve();
      onChange();
    };
    for await (const change of bucket.watch({ signal, onCurrent })) {
      try {
        if (change.type === "delete") specs.delete(change.key);
        else specs.set(change.entry.key, versionSpec.check(decodeJson(change.entry.value)));
        onChange();
      } catch (error) {
        log.error(`a version cannot be read: ${toCaxtonError(error).message}`);
      }
    }
  }
  const ended = follow();
  ended.catch(current.reject);
  return { current: current.promise, ended };
}
