/**
 * The process in which an agent that nobody trusts yet is run, for one validation. The agent runs in a thread of its own
 * (libs/wasm-agent, runner), so that this thread can watch the memory and notice when the parent is gone.
 */
import process from "node:process";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { type Runner, startRunner } from "@caxton/wasm-agent/runner";
import { openThread } from "@caxton/wasm-agent/runner-thread";
import type { AgentAnswer } from "@caxton/wasm-agent/runner-protocol";
import type { ExampleResult } from "../core/examples.ts";
import { memoryExitCode, type SandboxAnswer, type SandboxRequest } from "./sandbox-protocol.ts";

const watchIntervalMs = 20;
const thread = openThread();
let runner: Runner | undefined;

async function answerTo(request: SandboxRequest): Promise<SandboxAnswer> {
  if (request.ask === "start") {
    const { residentMaxBytes, ...options } = request.start;
    watchMemory(residentMaxBytes);
    runner = await startRunner({ ...options, thread });
    return { answer: "start", startMs: runner.start.startMs, descriptionText: runner.descriptionText };
  }
  if (runner === undefined)
    throw new CaxtonError("internal", `the sandbox was asked to ${request.ask} before its start`);
  switch (request.ask) {
    case "load-contract":
      await runner.loadContract();
      return { answer: "load-contract" };
    case "check-configuration":
      return { answer: "check-configuration", problem: (await runner.checkConfiguration()) ?? null };
    case "check": {
      const problems = await runner.checkMessages(request.messages);
      return { answer: "check", problems: problems.map((problem) => problem ?? null) };
    }
    case "handle": {
      const answers = await runner.handleBatch(request.messages, { budgetMs: request.budgetMs });
      return { answer: "handle", results: answers.map(toResult), memoryPeakBytes: runner.memoryPeakBytes };
    }
  }
}

function toResult(answer: AgentAnswer): ExampleResult {
  switch (answer.result) {
    case "handled": {
      const outputBytes = answer.outputs.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
      return { result: "handled", reason: "", latencyMs: answer.latencyMs, outputBytes };
    }
    case "failed":
      return { result: answer.code, reason: answer.reason, latencyMs: answer.latencyMs, outputBytes: 0 };
    case "unfinished":
      return { result: "unfinished", reason: "", latencyMs: 0, outputBytes: 0 };
  }
}

function watchMemory(residentMaxBytes: number): void {
  setInterval(() => {
    if (process.memoryUsage.rss() > residentMaxBytes) process.exit(memoryExitCode);
  }, watchIntervalMs).unref();
}

// A terminal's Ctrl-C reaches the whole group; the parent decides when this ends, and it ends with its parent.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.on("message", (request: SandboxRequest) => {
  answerTo(request)
    .catch((error: unknown): SandboxAnswer => {
      const { code, message } = toCaxtonError(error);
      return { answer: "failed", code, message };
    })
    .then((answer) => process.send?.(answer))
    .catch(() => process.exit(1));
});
