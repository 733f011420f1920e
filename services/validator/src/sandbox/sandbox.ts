import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CaxtonError, isErrorCode } from "@caxton/contracts/errors";
import { codeCacheFolder } from "@caxton/wasm-agent/prepare";
import type { AgentMessage } from "@caxton/wasm-agent/runner-protocol";
import type { ExampleResult } from "../core/examples.ts";
import { limitDataSize } from "./data-limit.ts";
import { memoryExitCode, type SandboxAnswer, type SandboxRequest, type SandboxStart } from "./sandbox-protocol.ts";

/**
 * One process for one validation; ask it one thing at a time. Everything below throws CaxtonError: what the agent is to
 * blame for with its own code, `memory-over-limit` and `agent-crash` where the process is gone, or what `close` was given.
 */
export interface Sandbox {
  readonly pid: number;
  /** @throws CaxtonError also `start-failed`, `start-timeout` */
  start(options: Omit<SandboxStart, "residentMaxBytes"> & { readonly memoryMaxBytes: number }): Promise<{
    readonly startMs: number;
    readonly descriptionText: string;
  }>;
  /** @throws CaxtonError also `description-invalid`, `schema-invalid`, `example-invalid`, `start-timeout` */
  loadContract(): Promise<void>;
  /** What is wrong with the configuration it was started with, or null. @throws CaxtonError also `start-timeout` */
  checkConfiguration(): Promise<string | null>;
  /** For each message what keeps the agent from being given it, or null. @throws CaxtonError also `start-timeout` */
  check(messages: readonly AgentMessage[]): Promise<readonly (string | null)[]>;
  handle(
    messages: readonly AgentMessage[],
    budgetMs: number,
  ): Promise<{ readonly results: readonly ExampleResult[]; readonly memoryPeakBytes: number }>;
  /** Ends the process, by its pid; what is being waited for fails with `reason`. Resolves when it is gone. */
  close(reason?: CaxtonError): Promise<void>;
}

const sourceRoot = fileURLToPath(new URL("../../../../", import.meta.url));
const heapMaxMb = 256;
/** Node with its threads, their heaps and compiled code, before the agent's own memories. */
const overheadBytes = 640 * 1024 * 1024;
const lastWordsMaxLength = 8_192;
/** Instances that were replaced are freed a little later. */
const memoriesAtOnce = 2;

/** @param cacheDir a real path; beside our own code the only folder the process may read */
export function openSandbox(cacheDir: string): Sandbox {
  const child = fork(new URL("./sandbox-process.ts", import.meta.url), {
    // No writing, no children, no addons, no network: https://nodejs.org/api/permissions.html
    execArgv: [
      "--permission",
      "--disable-warning=SecurityWarning",
      "--allow-worker",
      `--allow-fs-read=${sourceRoot}`,
      `--allow-fs-read=${cacheDir}`,
      `--max-old-space-size=${heapMaxMb}`,
    ],
    // It reads what hosts on the same folder wrote there, and writes nothing.
    env: { NODE_COMPILE_CACHE: codeCacheFolder(cacheDir) },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const { pid } = child;
  let lastWords = "";
  child.stderr?.setEncoding("utf8").on("data", (words: string) => {
    lastWords = `${lastWords}${words}`.slice(-lastWordsMaxLength);
  });
  let end: CaxtonError | undefined;
  let settle: ((answer: SandboxAnswer | CaxtonError) => void) | undefined;
  const gone = new Promise<void>((resolve) => {
    const onEnd = (error: CaxtonError) => {
      end ??= error;
      settle?.(end);
      resolve();
    };
    child.once("error", (error) => onEnd(new CaxtonError("agent-crash", `no sandbox: ${error.message}`)));
    child.once("close", (code, signal) => onEnd(exitError(code, signal, lastWords)));
  });
  child.on("message", (answer: SandboxAnswer) => settle?.(answer));

  async function ask<Kind extends SandboxRequest["ask"]>(request: SandboxRequest & { readonly ask: Kind }) {
    const answer = await new Promise<SandboxAnswer | CaxtonError>((resolve) => {
      settle = resolve;
      if (end !== undefined) resolve(end);
      // Whether it arrives or not, an exit follows where the process is gone.
      else child.send(request, () => undefined);
    });
    settle = undefined;
    if (answer instanceof CaxtonError) throw answer;
    if (isAnswerTo(request.ask, answer)) return answer;
    if (answer.answer !== "failed")
      throw new CaxtonError("internal", `'${request.ask}' was answered '${answer.answer}'`);
    throw new CaxtonError(isErrorCode(answer.code) ? answer.code : "internal", answer.message);
  }

  return {
    pid: pid ?? -1,
    async start({ memoryMaxBytes, ...options }) {
      const residentMaxBytes = overheadBytes + memoriesAtOnce * memoryMaxBytes;
      if (pid !== undefined) limitDataSize(pid, residentMaxBytes);
      return ask({ ask: "start", start: { ...options, residentMaxBytes } });
    },
    async loadContract() {
      await ask({ ask: "load-contract" });
    },
    checkConfiguration: async () => (await ask({ ask: "check-configuration" })).problem,
    check: async (messages) => (messages.length === 0 ? [] : (await ask({ ask: "check", messages })).problems),
    handle: (messages, budgetMs) => ask({ ask: "handle", messages, budgetMs }),
    async close(reason) {
      end ??= reason ?? new CaxtonError("cancelled", "the sandbox was closed");
      if (pid !== undefined) child.kill("SIGKILL");
      await gone;
    },
  };
}

function exitError(code: number | null, signal: string | null, lastWords: string): CaxtonError {
  if (code === memoryExitCode) {
    return new CaxtonError("memory-over-limit", "its process took far more memory than its limit and was ended");
  }
  // V8 says so and aborts: where tables, not memories, have grown.
  const exhausted = /FATAL ERROR: .*(out of memory|Allocation failed).*/i.exec(lastWords);
  if (exhausted !== null) {
    return new CaxtonError("memory-over-limit", `its process ran out of memory: ${exhausted[0].slice(0, 200)}`);
  }
  const how = `ended with ${signal ?? code} while the agent ran`;
  const said = lastWords.trim().split("\n").at(-1) ?? "";
  return new CaxtonError("agent-crash", `the sandbox's process ${how}${said === "" ? "" : ` (${said.slice(0, 200)})`}`);
}

function isAnswerTo<Kind extends SandboxRequest["ask"]>(
  ask: Kind,
  answer: SandboxAnswer,
): answer is SandboxAnswer & { readonly answer: Kind } {
  return answer.answer === ask;
}
