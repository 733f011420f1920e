import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { AgentLogLine } from "@caxton/contracts/agent-log";
import { CaxtonError, isErrorCode } from "@caxton/contracts/errors";
import { hasErrorCode } from "./node-error.ts";
import {
  type AgentAnswer,
  type AgentMessage,
  progressCells,
  type WorkerOptions,
  type WorkerReport,
  type WorkerRequest,
} from "./runner-protocol.ts";
import { competeAgain, yieldProcessor } from "./thread-priority.ts";

/** How a batch came to its end, and which message was running then. */
export type BatchEnd =
  | { readonly end: "done"; readonly memoryPeakBytes: number }
  | { readonly end: "message-timeout"; readonly index: number }
  | { readonly end: "out-of-time" }
  | { readonly end: "crashed"; readonly index: number; readonly reason: string };

export interface BatchBounds {
  readonly messageTimeoutMs: number;
  /** On the clock of process.hrtime. */
  readonly deadlineNs: bigint;
  readonly onAnswers: (first: number, answers: readonly AgentAnswer[]) => void;
}

export type Started = WorkerReport & { readonly type: "started" };

/** One worker thread. Whoever holds it asks one thing at a time; after an end other than `done` it is gone. */
export interface RunnerThread {
  readonly started: Started;
  /** It left the processor to others, and may not compete with them again. */
  readonly yields: boolean;
  /** @throws CaxtonError what the worker said, `start-failed` if it ended, `start-timeout` */
  ask(request: WorkerRequest, timeoutMs: number): Promise<WorkerReport>;
  run(messages: readonly AgentMessage[], bounds: BatchBounds): Promise<BatchEnd>;
  end(): Promise<void>;
}

export type ThreadOptions = Omit<WorkerOptions, "progress"> & {
  readonly startTimeoutMs: number;
  readonly onLog: (lines: readonly AgentLogLine[]) => void;
};

/** JavaScript heap of the thread: transpiled code, and messages on their way. wasm memory is limited in the module. */
const heapMaxMb = 192;
/** A message that takes longer leaves the processor to others until it ends, so that one that hangs takes from nobody. */
const yieldsAfterNs = 50_000_000n;
/** The worker stops by itself at the deadline; only then is it ended. */
const deadlineGraceNs = 10_000_000n;

type Event = WorkerReport | { readonly type: "ended"; readonly reason: string };

/**
 * A thread with everything loaded but an agent, which most of a start is spent on. It keeps its process alive.
 */
export function openThread(options: { readonly isPolite?: boolean } = {}): Worker {
  // Where our own sources lie compiled: without it a thread takes twice the time and 20 MB more.
  const { NODE_COMPILE_CACHE } = process.env;
  const program = options.isPolite === true ? "./polite-runner-worker.ts" : "./runner-worker.ts";
  return new Worker(new URL(program, import.meta.url), {
    env: NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE },
    execArgv: [],
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: heapMaxMb },
  });
}

/**
 * @param worker from `openThread`, in which no agent was started yet
 * @param isPolite how it was opened
 * @throws CaxtonError `start-failed`, `start-timeout`
 */
export async function startThread(
  options: ThreadOptions,
  worker: Worker = openThread(),
  isPolite = false,
): Promise<RunnerThread> {
  const { onLog, startTimeoutMs, ...rest } = options;
  const progress = new SharedArrayBuffer(progressCells.count * BigInt64Array.BYTES_PER_ELEMENT);
  const cells = new BigInt64Array(progress);
  let ended: string | undefined;
  let yields = isPolite;
  let listener: (event: Event) => void = () => undefined;
  worker.on("message", (message: WorkerReport) => {
    if (message.type === "log") onLog(message.lines);
    else listener(message);
  });
  worker.on("error", (error) => {
    const memory = hasErrorCode(error, "ERR_WORKER_OUT_OF_MEMORY");
    ended = memory ? "what it returned did not fit into the host's memory" : String(error);
  });
  worker.on("exit", (code) => {
    ended ??= `the thread ended with ${code}`;
    listener({ type: "ended", reason: ended });
  });

  const threadId = (): number => Number(Atomics.load(cells, progressCells.threadId));

  /** A thread that had the processor for less than half of its time gets as much time again, once. */
  function receive(timeoutMs: number): Promise<WorkerReport> {
    const before = usedMs(worker);
    return new Promise((resolve, reject) => {
      let timer = setTimeout(() => void late(), timeoutMs);
      let isHeard = false;
      async function late(): Promise<void> {
        const processorMs = await Promise.race([sinceMs(worker, before), unanswered()]);
        if (isHeard) return;
        if (processorMs >= timeoutMs / 2) return reject(startTimeout(`${timeoutMs} ms`));
        const little = `in the first half of them this machine gave it ${Math.round(processorMs)} ms of processor time`;
        timer = setTimeout(() => reject(startTimeout(`${2 * timeoutMs} ms; ${little}`)), timeoutMs);
      }
      listener = (event) => {
        clearTimeout(timer);
        isHeard = true;
        listener = () => undefined;
        if (event.type === "ended") reject(new CaxtonError("start-failed", event.reason));
        else if (event.type !== "failed") resolve(event);
        else reject(new CaxtonError(isErrorCode(event.code) ? event.code : "internal", event.reason));
      };
    });
  }

  function run(messages: readonly AgentMessage[], bounds: BatchBounds): Promise<BatchEnd> {
    return new Promise((resolve) => {
      const timeoutNs = BigInt(Math.ceil(bounds.messageTimeoutMs * 1e6));
      const lastNs = bounds.deadlineNs + deadlineGraceNs;
      let timer: NodeJS.Timeout | undefined;
      let verdict: BatchEnd | undefined;
      /** Once for each message: where threads have no priority of their own, it would be asked for ever. */
      let askedToYield = -1;
      function finish(end: BatchEnd): void {
        clearTimeout(timer);
        verdict ??= end;
        if (yields && end.end === "done") yields = !competeAgain(threadId());
        // Answers already on their way are still taken: they come before the exit.
        if (verdict.end === "done" || ended !== undefined) resolve(verdict);
        else void worker.terminate();
      }
      function watch(): void {
        const nowNs = process.hrtime.bigint();
        const index = Number(Atomics.load(cells, progressCells.index));
        const sinceNs = index < 0 ? nowNs : Atomics.load(cells, progressCells.startedNs);
        if (index >= 0 && nowNs - sinceNs >= timeoutNs) return finish({ end: "message-timeout", index });
        if (nowNs >= lastNs) return finish({ end: "out-of-time" });
        if (index >= 0 && nowNs - sinceNs >= yieldsAfterNs && index !== askedToYield) {
          askedToYield = index;
          yields = yieldProcessor(threadId()) || yields;
        }
        const hasNoMoreToAsk = yields || index === askedToYield || timeoutNs < yieldsAfterNs;
        const untilNs = sinceNs + (hasNoMoreToAsk ? timeoutNs : yieldsAfterNs);
        const dueNs = untilNs < lastNs ? untilNs : lastNs;
        timer = setTimeout(watch, Math.max(1, Math.ceil(Number(dueNs - nowNs) / 1e6)));
      }
      function crashed(reason: string): BatchEnd {
        return { end: "crashed", index: Math.max(0, Number(Atomics.load(cells, progressCells.index))), reason };
      }
      listener = (event) => {
        if (event.type === "answers") bounds.onAnswers(event.first, event.answers);
        else if (event.type === "batch-done") finish({ end: "done", memoryPeakBytes: event.memoryPeakBytes });
        else if (event.type === "ended" || event.type === "failed") finish(crashed(event.reason));
      };
      if (ended !== undefined) return finish(crashed(ended));
      Atomics.store(cells, progressCells.index, -1n);
      const request: WorkerRequest = { type: "batch", messages, stopAtNs: bounds.deadlineNs };
      worker.postMessage(request);
      watch();
    });
  }

  const end = async () => {
    await worker.terminate();
  };
  try {
    const first: WorkerRequest = { type: "start", options: { ...rest, progress } };
    worker.postMessage(first);
    const started = await receive(startTimeoutMs);
    if (started.type !== "started") throw new CaxtonError("internal", `the worker began with '${started.type}'`);
    return {
      started,
      get yields() {
        return yields;
      },
      ask(request, timeoutMs) {
        if (ended !== undefined) return Promise.reject(new CaxtonError("start-failed", ended));
        worker.postMessage(request);
        return receive(timeoutMs);
      },
      run,
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function startTimeout(within: string): CaxtonError {
  return new CaxtonError("start-timeout", `the component did not start and describe itself within ${within}`);
}

const processorAnswerMs = 250;

/** How long the thread has had a processor: it says so itself, which takes until it has one. 0 when it has ended. */
async function usedMs(worker: Worker): Promise<number> {
  const { user, system } = await worker.cpuUsage().catch(() => ({ user: 0, system: 0 }));
  return (user + system) / 1_000;
}

/** Both are said by the thread: where it stood still before it could say the first, it has not used anything since. */
async function sinceMs(worker: Worker, before: Promise<number>): Promise<number> {
  const [thenMs, nowMs] = await Promise.all([before, usedMs(worker)]);
  return nowMs - thenMs;
}

/** A thread that cannot even say it has no processor. */
function unanswered(): Promise<number> {
  return delay(processorAnswerMs, 0, { ref: false });
}
