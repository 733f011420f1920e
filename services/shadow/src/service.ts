import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { holdLease, type LeaseSeat } from "@caxton/bus/hold-lease";
import { decodeJson } from "@caxton/bus/json";
import { defaultLeaseTtlMs } from "@caxton/bus/lease";
import type { Bus } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { shadowRecord, type ShadowSpec, shadowSpec } from "@caxton/contracts/shadow";
import { leaseBucket, shadowBucket, shadowKey, shadowLeaseKey, shadowReportBucket } from "@caxton/contracts/subjects";
import { keepTrying } from "@caxton/service/keep-trying";
import type { ProgramContext, RunningService } from "@caxton/service/program";
import { startRunner } from "./adapters/runner-process.ts";
import { ShadowGauges } from "./adapters/shadow-gauges.ts";

export interface ShadowOptions extends Pick<ProgramContext, "bus" | "busUrl" | "log" | "id"> {
  readonly health?: ProgramContext["health"];
  /** Further behind the live version a shadow is cut off, in ms. */
  readonly behindMaxMs: number;
}

/** After a runner that did not come to its end, ms; doubled up to the second each time. */
const restart = { firstMs: 500, mostMs: 15_000 };
/** A runner that was told to end writes its report first. */
const stopMaxMs = 10_000;

/**
 * Runs the shadows there are, each in a process of its own and by one service at a time; how far it came is on the bus, so
 * that whoever takes over goes on there.
 */
export async function startShadow(options: ShadowOptions): Promise<RunningService> {
  const { bus, log, id } = options;
  const stopping = new AbortController();
  const leases = await bus.kv(leaseBucket, { ttlMs: defaultLeaseTtlMs });
  const shadows = new Map<string, Shadow>();
  const gauges = new ShadowGauges(bus, Date.now);
  const endGauges = options.health === undefined ? undefined : gauges.tell(options.health.metrics);
  const readiness = { health: options.health, part: "shadow" };

  async function follow(): Promise<void> {
    const bucket = await bus.kv(shadowBucket);
    for await (const change of bucket.watch({ signal: stopping.signal })) {
      if (change.type === "delete") {
        gauges.note(change.key, false);
        shadows.get(change.key)?.ended.abort();
        continue;
      }
      const spec = shadowSpec.check(decodeJson(change.entry.value));
      const { key } = change.entry;
      gauges.note(key, spec.state === "running");
      const isNew = !shadows.has(key) && !(await hasItsReport(bus, spec));
      if (isNew) shadows.set(key, contend(key, spec));
      if (spec.state === "ended") shadows.get(key)?.ended.abort();
    }
  }

  function contend(key: string, spec: ShadowSpec): Shadow {
    const ended = new AbortController();
    const seat = holdLease(leases, {
      key: shadowLeaseKey(spec.agent, spec.deployment),
      holderId: `${id}.${randomUUID().slice(0, 8)}`,
      async onAcquired(_lease, held) {
        // Whoever held it before may have brought it to its end.
        if (!(await hasItsReport(bus, spec))) await runToItsEnd(options, spec, held, ended.signal);
        if (held.aborted) return;
        shadows.delete(key);
        void seat.close();
      },
      onError: (error) => log.warn(`a shadow was given up: ${toCaxtonError(error).message}`),
    });
    return { ended, seat };
  }

  const following = keepTrying("following shadows", follow, { log, signal: stopping.signal, readiness });
  return {
    async close() {
      endGauges?.();
      stopping.abort();
      await following;
      await Promise.all([...shadows.values()].map(({ seat }) => seat.close()));
    },
  };
}

interface Shadow {
  /** Aborted when nothing more is asked of it. */
  readonly ended: AbortController;
  readonly seat: LeaseSeat;
}

/** Whether it was brought to its end. */
async function hasItsReport(bus: Pick<Bus, "kv">, { agent, deployment }: ShadowSpec): Promise<boolean> {
  const entry = await (await bus.kv(shadowReportBucket)).get(shadowKey(agent, deployment));
  return entry !== undefined && shadowRecord.check(decodeJson(entry.value)).report.ending !== undefined;
}

/** Begins again where a runner died, until one came to the shadow's end or `held` aborts. */
async function runToItsEnd(
  { busUrl, log, behindMaxMs }: ShadowOptions,
  spec: ShadowSpec,
  held: AbortSignal,
  ended: AbortSignal,
): Promise<void> {
  const ids = { agent_id: spec.agent, version: spec.version, deployment_id: spec.deployment };
  let pauseMs = restart.firstMs;
  while (!held.aborted) {
    const runner = startRunner({ type: "start", busUrl, spec, behindMaxMs });
    log.info({ ...ids, pid: runner.pid }, "shadow under way");
    const stop = (): void => {
      runner.stop();
      setTimeout(() => runner.kill(), stopMaxMs).unref();
    };
    const kill = (): void => runner.kill();
    held.addEventListener("abort", kill, { once: true });
    if (ended.aborted) stop();
    else ended.addEventListener("abort", stop, { once: true });
    const why = await runner.exited;
    held.removeEventListener("abort", kill);
    ended.removeEventListener("abort", stop);
    if (why === undefined || held.aborted) return;
    log.warn(ids, `the shadow's runner is begun again: ${why}`);
    await delay(pauseMs, undefined, { signal: held }).catch(() => undefined);
    pauseMs = Math.min(restart.mostMs, pauseMs * 2);
  }
}
