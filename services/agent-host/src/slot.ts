import { encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { InstanceExit } from "@caxton/contracts/agent-run";
import { hasCode, toCaxtonError } from "@caxton/contracts/errors";
import type { SlotStatus } from "@caxton/contracts/placement";
import { instanceExitSubject } from "@caxton/contracts/subjects";
import { parseTraceparent } from "@caxton/contracts/trace-context";
import type { Logger } from "@caxton/telemetry/logger";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { AgentLogPublisher } from "./adapters/agent-log-publisher.ts";
import { preparedArtifact } from "./adapters/artifact.ts";
import { startInstance, type InstanceProcess, type InstanceState } from "./adapters/instance-process.ts";
import type { SlotClaim } from "./adapters/slot-claim.ts";
import type { SpareProcesses } from "./adapters/spare-process.ts";
import { restartDelayMs, startFailuresMax } from "./core/restarts.ts";
import type { WantedSlot } from "./core/slots.ts";
import type { Turns } from "./core/turns.ts";

export interface SlotContext {
  readonly bus: Bus;
  readonly busUrl: string;
  readonly log: Logger;
  readonly host: string;
  readonly cacheDir: string;
  readonly spares: SpareProcesses;
  /** For starting an instance, until it is ready. */
  readonly startTurns: Turns;
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
  while (!stop.aborted) {
    const startedMs = performance.now();
    const result = await runOnce(context, slot, claim, stop);
    if (result === "stopped") break;
    if (result === "ended") failures = 0;
    if (result === "not-ready") failures += 1;
    if (result === "not-ready" && failures === startFailuresMax) {
      claim.set({ ...claim.status, state: "failed" });
      const { code, reason } = claim.status;
      context.log.error({ ...idsOf(slot), code }, `the instance does not start, tried again ever so often: ${reason}`);
    }
    delayMs = restartDelayMs(delayMs, result === "ended" ? performance.now() - startedMs : 0, failures);
    await delay(delayMs, undefined, { signal: stop }).catch(() => undefined);
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
  // Whoever failed stays so until it is ready.
  const base: SlotStatus = { ...claim.status, state: claim.status.state === "failed" ? "failed" : "starting" };
  using stopped = untilAborted(stop);
  let running: InstanceProcess | undefined;
  let over = (): void => undefined;
  let wasReady = false;
  try {
    // With the bus away this may take long; nothing of it needs to be ended.
    const preparing = preparedArtifact(context.bus, slot.spec, context.cacheDir);
    const preparedDir = await Promise.race([preparing, stopped.promise]);
    if (preparedDir === aborted) return "stopped";
    over = await context.startTurns.take();
    if (stop.aborted) return "stopped";
    const started = await start(context, slot, claim, preparedDir);
    running = started;
    const startMs = await Promise.race([started.ready, stopped.promise]);
    over();
    if (startMs !== aborted) {
      wasReady = true;
      log.info(
        { ...idsOf(slot), pid: started.pid, start_ms: Math.round(startMs), isolation: started.isolation },
        "instance ready",
      );
      const reason = await Promise.race([started.exited, stopped.promise]);
      if (reason !== aborted) {
        log.warn({ ...idsOf(slot), pid: started.pid, reason }, "instance ended unexpectedly");
        claim.set({ ...base, state: "starting", restarts: base.restarts + 1, code: "agent-crash", reason });
        return "ended";
      }
    }
    await started.stop(drainMaxMs);
    return "stopped";
  } catch (error) {
    const { code, message } = toCaxtonError(error);
    log.warn({ ...idsOf(slot), code }, `instance not started: ${message}`);
    claim.set({ ...base, restarts: base.restarts + 1, code, reason: message });
    return hasCode(error, "bus-unavailable", "timeout") ? "bus-away" : "not-ready";
  } finally {
    over();
    running?.kill("no longer wanted");
    if (running !== undefined) await running.exited;
    if (wasReady && running !== undefined) log.debug({ ...idsOf(slot), pid: running.pid }, "instance gone");
  }
}

const aborted = Symbol("aborted");

/** A promise for one race; it leaves no listener behind. */
function untilAborted(signal: AbortSignal): Disposable & { readonly promise: Promise<typeof aborted> } {
  const { promise, resolve } = Promise.withResolvers<typeof aborted>();
  const stop = (): void => resolve(aborted);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return { promise, [Symbol.dispose]: () => signal.removeEventListener("abort", stop) };
}

async function start(
  context: SlotContext,
  slot: WantedSlot,
  claim: SlotClaim,
  preparedDir: string,
): Promise<InstanceProcess> {
  const { bus, busUrl, log, spares } = context;
  const { spec } = slot;
  const instance = `${context.host}-${randomUUID().slice(0, 8)}`;
  const { host, restarts } = claim.status;
  const started: SlotStatus = { host, instance, restarts, state: "starting" };
  claim.set(claim.status.state === "failed" ? { ...claim.status, instance } : started);
  const agentLog = new AgentLogPublisher({ bus, log, agent: spec.agent, version: spec.version, instance });
  let startMs: number | undefined;
  let state: InstanceState = { state: "ready", closedAtRevision: 0 };
  const showState = (): void => {
    if (startMs === undefined) return;
    const { closedAtRevision } = state;
    const closed = closedAtRevision > 0 ? { closedAtRevision } : {};
    claim.set({ ...started, ...process, state: state.state, startMs, ...closed });
  };
  const running = await startInstance({ busUrl, instance, spec, preparedDir }, spares, {
    onState(next) {
      state = next;
      showState();
    },
    onLog: (lines) => agentLog.add(lines),
    onUsage: ({ memoryBytes, cpuMs }) => claim.noteUsage({ memoryBytes, cpuMs }),
  });
  const process = { pid: running.pid, isolation: running.isolation };
  claim.set({ ...claim.status, ...process });
  running.ready.then(
    (tookMs) => {
      startMs = tookMs;
      showState();
      agentLog.say("info", `instance ready in ${Math.round(tookMs)} ms (pid ${running.pid})`);
    },
    (error: unknown) => agentLog.say("error", `instance not started: ${toCaxtonError(error).message}`),
  );
  void running.exited.then((reason) => {
    // One that was asked to stop exits with 0.
    if (startMs !== undefined && !reason.startsWith("exited with 0"))
      agentLog.say("error", `instance ended: ${reason}`);
    agentLog.flush();
    const exit: InstanceExit = { instance, host, reason };
    try {
      bus.publish(instanceExitSubject(spec.agent, spec.version), encodeJson(exit));
    } catch (error) {
      // The routers' own time limits say it too, later.
      log.debug(idsOf(slot), `the exit was not announced: ${toCaxtonError(error).message}`);
    }
  });
  return running;
}

function idsOf({ key, spec }: WantedSlot): Record<string, string> {
  const trace = parseTraceparent(spec.traceparent);
  const ids = { agent_id: spec.agent, version: spec.version, deployment_id: spec.deployment, slot: key };
  return trace === undefined ? ids : { ...ids, trace_id: trace.traceId };
}
