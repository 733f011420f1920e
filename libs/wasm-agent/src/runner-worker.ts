/** The thread that owns an agent's instance. It may be ended at any moment; everything it knows can be had again. */
import { flushCompileCache } from "node:module";
import { parentPort } from "node:worker_threads";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { compileContract, type Contract } from "./contract.ts";
import { loadComponent } from "./instantiate.ts";
import { compileSchema } from "./json-schema.ts";
import { type MessageHandler, messageHandler } from "./message-handler.ts";
import {
  type AgentAnswer,
  type AgentMessage,
  progressCells,
  type WorkerOptions,
  type WorkerReport,
  type WorkerRequest,
} from "./runner-protocol.ts";
import { ownThreadId } from "./thread-priority.ts";
import { trapReason } from "./trap-reason.ts";

/** Answers are sent together; one that was finished but not yet sent when the thread is ended is made again. */
const flushEveryNs = 2_000_000n;

interface Started {
  readonly handler: MessageHandler;
  readonly options: WorkerOptions;
  readonly progress: BigInt64Array;
}

let started: Started | undefined;
let contract: Contract | undefined;

function report(message: WorkerReport): void {
  parentPort?.postMessage(message);
}

function reportLog(handler: MessageHandler): void {
  const lines = handler.log.take();
  if (lines.length > 0) report({ type: "log", lines });
}

async function start(options: WorkerOptions): Promise<void> {
  const make = await loadComponent(options.preparedDir, options.modules);
  const startedMs = performance.now();
  const handler = messageHandler({ ...options, make });
  const instantiateMs = performance.now() - startedMs;
  const description = describe(handler);
  const describeMs = performance.now() - startedMs - instantiateMs;
  reportLog(handler);
  const progress = new BigInt64Array(options.progress);
  Atomics.store(progress, progressCells.threadId, BigInt(ownThreadId()));
  started = { handler, options, progress };
  report({ type: "started", description, instantiateMs, describeMs, memoryBytes: handler.memoryPeakBytes() });
}

function describe(handler: MessageHandler): string {
  try {
    return handler.describe();
  } catch (error) {
    const reason = trapReason(error, handler.log.standardError());
    if (reason.startsWith("expected string"))
      throw new CaxtonError(
        "start-failed",
        "describe() must return JSON text: JSON.stringify({ name, version, accepts, emits })",
      );
    throw new CaxtonError("start-failed", `describe() trapped: ${reason}`);
  }
}

function requireContract(): Contract {
  if (contract !== undefined) return contract;
  throw new CaxtonError("internal", "messages were given to a runner before its contract was loaded");
}

function runBatch({ handler, progress }: Started, messages: readonly AgentMessage[], stopAtNs: bigint): void {
  const checks = requireContract();
  let first = 0;
  let answers: AgentAnswer[] = [];
  let flushedNs = process.hrtime.bigint();
  function flush(): void {
    reportLog(handler);
    if (answers.length > 0) report({ type: "answers", first, answers });
    first += answers.length;
    answers = [];
  }
  for (const [index, message] of messages.entries()) {
    const nowNs = process.hrtime.bigint();
    if (nowNs > stopAtNs) break;
    if (nowNs - flushedNs > flushEveryNs) {
      flush();
      flushedNs = nowNs;
    }
    Atomics.store(progress, progressCells.startedNs, nowNs);
    Atomics.store(progress, progressCells.index, BigInt(index));
    answers.push(handler.handle(checks, message));
  }
  Atomics.store(progress, progressCells.index, -1n);
  flush();
  report({ type: "batch-done", memoryPeakBytes: handler.memoryPeakBytes() });
}

function serve(request: Exclude<WorkerRequest, { readonly type: "start" }>): void {
  if (started === undefined)
    throw new CaxtonError("internal", `a thread without an agent was asked to ${request.type}`);
  switch (request.type) {
    case "load-contract":
      contract = compileContract(request.description);
      return report({ type: "done" });
    case "check": {
      const checks = requireContract();
      const problems = request.messages.map(({ kind, body }) => checks.checkInput(checks.kindOf(kind), body));
      return report({ type: "checked", problems });
    }
    case "check-configuration": {
      const problem = requireContract().checkConfiguration(started.options.configuration);
      return report({ type: "checked", problems: [problem] });
    }
    case "batch":
      return runBatch(started, request.messages, request.stopAtNs);
  }
}

function reportFailure(error: unknown, fallback: "start-failed" | "internal"): void {
  const { code, message } = toCaxtonError(error);
  report({ type: "failed", code: code === "internal" ? fallback : code, reason: message });
}

parentPort?.on("message", (request: WorkerRequest) => {
  if (request.type === "start") {
    start(request.options).catch((error: unknown) => reportFailure(error, "start-failed"));
    return;
  }
  try {
    serve(request);
  } catch (error) {
    reportFailure(error, "internal");
  }
});
// The first schema takes far longer than those after it; threads are often started before there is an agent.
compileSchema("warm-up", { type: "object" });
// A thread may be ended at any time, and would keep nothing of its loading for the next one then.
flushCompileCache();
