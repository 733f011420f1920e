import { encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { InstanceExit } from "@caxton/contracts/agent-run";
import { hasCode, toCaxtonError } from "@caxton/contracts/errors";
import type { SlotStatus } from "@caxton/contracts/placement";
import { instanceExitSubject } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { preparedArtifact } from "./adapters/artifact.ts";
import { startInstance, type InstanceProcess, type InstanceState } from "./adapters/instance-process.ts";
import type { SlotClaim } from "./adapters/slot-claim.ts";
import type { SpareProcesses } from "./adapters/spare-process.ts";
import { restartDelayMs, startFailuresMax } from "./core/restarts.ts";
import type { WantedSlot } from "./core/slots.ts";
import type { InstanceLogLine } from "./instance/protocol.ts";

export interface SlotContext {
  readonly bus: Bus;
  readonly busUrl: string;
  readonly log: Logger;
  readonly host: string;
  readonly cacheDir: string;
  readonly concurrency: number;
  readonly spares: SpareProcesses;
}

/** In-flight messages get this long to finish when an instance is stopped. */
const drainMaxMs = 30_000;

/** Runs an instance in a held slot, starting it again when it ends, until `signal` aborts; then it is stopped and the slot freed. */
export async function runSlot(
  context: SlotContext,
  slot: WantedSlot,
  claim: SlotClaim,
  signal: AbortSignal,
): Promise<void> {
  const stop = AbortSignal.any([signal, claim.lost]);
  let delayMs = 0;
  let failures = 0;
  while (!stop.aborted && failures < startFailuresMax) {
    const startedMs = performance.now();
    const result = await runOnce(context, slot, claim, stop);
    if (result === "stopped") break;
    failures = result === "not-ready" ? failures + 1 : 0;
    delayMs = restartDelayMs(delayMs, performance.now() - startedMs);
    if (failures < startFailuresMax) await delay(delayMs, undefined, { signal: stop }).catch(() => undefined);
  }
  if (!stop.aborted) {
    claim.set({ ...claim.status, state: "failed" });
    context.log.error(
      { slot: slot.key, code: claim.status.code },
      `the instance does not start: ${claim.status.reason}`,
    );
    await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  }
  await claim.release();
}

async function runOnce(
  context: SlotContext,
  slot: WantedSlot,
  claim: SlotClaim,
  stop: AbortSignal,
): Promise<"stopped" | "not-ready" | "bus-away" | "ended"> {
  const { log } = context;
  const base: SlotStatus = { ...claim.status, state: "starting" };
  let running: InstanceProcess | undefined;
  let wasReady = false;
  try {
    const started = await start(context, slot, claim);
    running = started;
    const stopped = new Promise<"stop">((resolve) => {
      if (stop.aborted) resolve("stop");
      stop.addEventListener("abort", () => resolve("stop"), { once: true });
    });
    const startMs = await Promise.race([started.ready, stopped]);
    if (startMs !== "stop") {
      wasReady = true;
      log.info({ slot: slot.key, pid: started.pid, startMs, isolation: started.isolation }, "instance ready");
      const reason = await Promise.race([started.exited, stopped]);
      if (reason !== "stop") {
        log.warn({ slot: slot.key, pid: started.pid, reason }, "instance ended unexpectedly");
        claim.set({ ...base, restarts: base.restarts + 1, code: "agent-crash", reason });
        return "ended";
      }
    }
    await started.stop(drainMaxMs);
    return "stopped";
  } catch (error) {
    const { code, message } = toCaxtonError(error);
    log.warn({ slot: slot.key, code }, `instance not started: ${message}`);
    claim.set({ ...base, restarts: base.restarts + 1, code, reason: message });
    return hasCode(error, "bus-unavailable", "timeout") ? "bus-away" : "not-ready";
  } finally {
    running?.kill("no longer wanted");
    if (running !== undefined) await running.exited;
    if (wasReady && running !== undefined) log.debug({ slot: slot.key, pid: running.pid }, "instance gone");
  }
}

async function start(context: SlotContext, slot: WantedSlot, claim: SlotClaim): Promise<InstanceProcess> {
  const { bus, busUrl, log, cacheDir, concurrency, spares } = context;
  const { spec } = slot;
  const instance = `${context.host}-${randomUUID().slice(0, 8)}`;
  const { host, restarts } = claim.status;
  let status: SlotStatus = { host, instance, restarts, state: "starting" };
  const set = (more: Partial<SlotStatus>): void => claim.set((status = { ...status, ...more }));
  set({});
  const preparedDir = await preparedArtifact(bus, spec, cacheDir);
  let startMs: number | undefined;
  let state: InstanceState = { state: "ready", closedAtRevision: 0 };
  const showState = (): void => {
    if (startMs === undefined) return;
    const { closedAtRevision } = state;
    set({ state: state.state, startMs, ...(closedAtRevision > 0 ? { closedAtRevision } : {}) });
  };
  const running = await startInstance({ busUrl, instance, spec, preparedDir, concurrency }, spares, {
    onState(next) {
      state = next;
      showState();
    },
    onLog: (lines) => writeLog(log, slot, lines),
  });
  set({ pid: running.pid, isolation: running.isolation });
  running.ready.then(
    (tookMs) => {
      startMs = tookMs;
      showState();
    },
    () => undefined,
  );
  void running.exited.then((reason) => {
    const exit: InstanceExit = { instance, host, reason };
    try {
      bus.publish(instanceExitSubject(spec.agent, spec.version), encodeJson(exit));
    } catch (error) {
      // The routers' own time limits say it too, later.
      log.debug({ slot: slot.key }, `the exit was not announced: ${toCaxtonError(error).message}`);
    }
  });
  return running;
}

function writeLog(log: Logger, { spec }: WantedSlot, lines: readonly InstanceLogLine[]): void {
  const { agent, version } = spec;
  for (const { level, text, messageId } of lines) log[level]({ agent, version, message_id: messageId }, text);
}
