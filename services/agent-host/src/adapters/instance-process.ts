import type { AgentLogLine } from "@caxton/contracts/agent-log";
import { CaxtonError, isErrorCode } from "@caxton/contracts/errors";
import { lowerPriority } from "@caxton/service/low-priority";
import type { InstanceOptions, InstanceOrder, InstanceReport } from "../instance/protocol.ts";
import { Liveness, pingEveryMs } from "../core/liveness.ts";
import { memoryBound, type Isolation } from "./memory-group.ts";
import type { SpareProcesses } from "./spare-process.ts";
import { threadTimes } from "./thread-times.ts";

export interface InstanceState {
  readonly state: "ready" | "closed" | "drained";
  readonly closedAtRevision: number;
}

/** A running process of a version. */
export interface InstanceProcess {
  readonly pid: number;
  readonly isolation: Isolation;
  /** Resolves when it takes requests, with the time that took. @throws CaxtonError with what kept it from it */
  readonly ready: Promise<number>;
  /** Resolves with why, when the process is gone and cleaned up after. */
  readonly exited: Promise<string>;
  /** Finish and exit; killed after `timeoutMs`. Resolves when it is gone. */
  stop(timeoutMs: number): Promise<void>;
  kill(reason: string): void;
}

export interface InstanceListeners {
  onState(state: InstanceState): void;
  onLog(lines: readonly AgentLogLine[]): void;
  /** What the process takes (resident) and has taken of the processor, about every second. */
  onUsage(usage: { readonly memoryBytes: number; readonly cpuMs: number }): void;
}

/** What node and its threads need before the agent uses anything. */
const baseBytes = 256 * 1024 * 1024;
/** On top of the agent's own time to start, which it is given twice where the machine has none for it. */
const processStartMs = 5_000;

export async function startInstance(
  options: InstanceOptions,
  spares: SpareProcesses,
  listeners: InstanceListeners,
): Promise<InstanceProcess> {
  const { limits, concurrency } = options.spec;
  // An instance that replaces another inside the process overlaps with it for a moment.
  const bound = await memoryBound(baseBytes + 2 * limits.memoryMaxBytes * concurrency);
  const child = spares.take();
  const pid = child.pid ?? -1;
  if (options.spec.background === true) lowerPriority(pid);
  const ready = Promise.withResolvers<number>();
  ready.promise.catch(() => undefined);
  let killReason: string | undefined;
  let lastWords = "";
  const liveness = new Liveness();
  const startMaxMs = 2 * limits.startTimeoutMs + processStartMs;
  let isReady = false;

  const order = (message: InstanceOrder): void => {
    // Gone in the meantime: its exit is on the way.
    if (child.connected) child.send(message, () => undefined);
  };
  const kill = (reason: string): void => {
    killReason ??= reason;
    child.kill("SIGKILL");
  };
  const startTimer = setTimeout(() => {
    ready.reject(new CaxtonError("start-timeout", `the instance was not ready within ${startMaxMs} ms`));
    kill("not ready in time");
  }, startMaxMs);
  const pingTimer = setInterval(() => {
    // Until it is ready its start has a bound of its own: loading and compiling on a busy machine take the main thread long.
    if (!isReady) return;
    const hangs = liveness.missed(threadTimes(pid));
    if (hangs === undefined) order({ type: "ping" });
    else kill(hangs);
  }, pingEveryMs);

  child.stderr?.on("data", (data: Buffer) => (lastWords = `${lastWords}${data.toString()}`.slice(-1_000)));
  child.on("message", (report: InstanceReport) => {
    liveness.heard();
    if (report.type === "ready") {
      isReady = true;
      clearTimeout(startTimer);
      ready.resolve(report.startMs);
      spares.refill();
    } else if (report.type === "failed") {
      killReason = `${report.code}: ${report.reason}`;
      ready.reject(new CaxtonError(isErrorCode(report.code) ? report.code : "internal", report.reason));
    } else if (report.type === "state") {
      listeners.onState(report);
    } else if (report.type === "log") {
      listeners.onLog(report.lines);
    } else {
      listeners.onUsage(report);
    }
  });

  const gone = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      const how = signal === null ? `exited with ${code}` : `ended by ${signal}`;
      resolve(killReason ?? `${how} ${lastWords.trim().slice(-300)}`.trim());
    });
  });
  const exited = gone.then(async (reason) => {
    clearTimeout(startTimer);
    clearInterval(pingTimer);
    const outOfMemory = await bound.outOfMemory();
    await bound.remove();
    const why = outOfMemory ? "out of memory: its group's limit was reached" : reason;
    ready.reject(new CaxtonError("version-failed", `the instance ${why}`));
    return why;
  });
  // Bounded before it hears of the agent.
  bound.hold(pid).then(
    () => order({ type: "start", options }),
    (error: unknown) => kill(`could not be bounded: ${error instanceof Error ? error.message : String(error)}`),
  );
  return {
    pid,
    isolation: bound.isolation,
    ready: ready.promise,
    exited,
    kill,
    async stop(timeoutMs) {
      order({ type: "stop" });
      const timer = setTimeout(() => kill(`did not stop within ${timeoutMs} ms`), timeoutMs);
      await exited;
      clearTimeout(timer);
    },
  };
}
