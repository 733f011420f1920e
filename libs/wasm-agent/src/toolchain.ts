import { type ChildProcess, fork } from "node:child_process";
import { CaxtonError } from "@caxton/contracts/errors";
import {
  type InspectFindings,
  memoryExitCode,
  type ToolAnswer,
  type ToolJob,
  type ToolRequest,
} from "./toolchain-protocol.ts";

export interface ToolBounds {
  readonly timeoutMs: number;
  /** The process is ended when its resident memory goes beyond this. */
  readonly maxResidentBytes: number;
}

const maxProcesses = 2;
/** A process that has nothing to do is kept for this long, and one of them for as long as `keepToolchainReady` asks. */
const idleMs = 30_000;

const idle: ChildProcess[] = [];
let running = 0;
const waiting: (() => void)[] = [];
/** Whether one process is to be there in any case, and that process while it is not ready yet. */
let isKept = false;
let readying: Promise<void> | undefined;

/**
 * From now on one process waits for work with the tools loaded, until `closeToolchain`: reading and preparing a component
 * of 1.6 MB then takes 0.2 s instead of 0.7 s, for 150 MB of memory.
 */
export function keepToolchainReady(): void {
  isKept = true;
  makeReady();
}

function makeReady(): void {
  if (!isKept || readying !== undefined || idle.length > 0) return;
  const warmUp = runTool({ tool: "warm-up" }, { timeoutMs: 30_000, maxResidentBytes: Number.POSITIVE_INFINITY });
  const over = (): void => {
    readying = undefined;
    if (!isKept) closeToolchain();
  };
  // Where it failed, whoever has work starts a process for it, and is told what is wrong with that one.
  readying = warmUp.then(over, over);
}

/**
 * Runs a job in a process of its own, a bounded number at once; processes are used again, never shared.
 * @throws CaxtonError `malformed-component` (the tools refuse the bytes, or need more memory than allowed for them),
 * `validation-timeout`
 */
export async function runTool(job: ToolJob, bounds: ToolBounds): Promise<InspectFindings | undefined> {
  // Another process would only make both late.
  if (job.tool !== "warm-up" && idle.length === 0) await readying;
  if (running >= maxProcesses) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  const child = idle.pop() ?? start();
  try {
    const answer = await ask(child, { maxResidentBytes: bounds.maxResidentBytes, job }, bounds);
    // Tools that failed may have panicked half-way: such a process is not used again.
    if (answer.ok) {
      rest(child);
      return answer.findings;
    }
    throw new CaxtonError("malformed-component", `the component cannot be read: ${oneLine(answer.reason)}`);
  } catch (error) {
    if (!idle.includes(child)) child.kill("SIGKILL");
    throw error;
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
    if (job.tool !== "warm-up") makeReady();
  }
}

function start(): ChildProcess {
  return fork(new URL("./toolchain-main.ts", import.meta.url), {
    // The tools are wasm themselves; optimizing them costs more than a component or two gain by it, in time and memory.
    execArgv: ["--liftoff-only"],
    env: {},
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

function ask(child: ChildProcess, request: ToolRequest, bounds: ToolBounds): Promise<ToolAnswer> {
  child.ref();
  child.channel?.ref();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      settle();
      reject(new CaxtonError("validation-timeout", `reading the component took more than ${bounds.timeoutMs} ms`));
    }, bounds.timeoutMs);
    const onMessage = (answer: ToolAnswer) => {
      settle();
      resolve(answer);
    };
    const onExit = (code: number | null, signal: string | null) => {
      settle();
      const why =
        code === memoryExitCode
          ? `reading it needs more than ${bounds.maxResidentBytes} bytes of memory`
          : `the process reading it ended with ${signal ?? code}`;
      reject(new CaxtonError("malformed-component", why));
    };
    function settle(): void {
      clearTimeout(timer);
      child.off("message", onMessage).off("exit", onExit);
    }
    child.on("message", onMessage).on("exit", onExit);
    child.send(request);
  });
}

/** Puts a process aside for the next job; it keeps nobody's event loop alive and ends by itself. */
function rest(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  idle.push(child);
  const timer = setTimeout(() => {
    if (!isKept || idle.length > 1) end(child);
  }, idleMs).unref();
  const onAnswer = (): void => {
    clearTimeout(timer);
    child.off("exit", onExit);
  };
  const onExit = (): void => {
    onAnswer();
    end(child);
  };
  child.once("message", onAnswer).once("exit", onExit);
}

function end(child: ChildProcess): void {
  const at = idle.indexOf(child);
  if (at < 0) return;
  idle.splice(at, 1);
  child.kill("SIGKILL");
}

/** Ends the processes kept for later jobs; one that is being made ready ends when it is. */
export function closeToolchain(): void {
  isKept = false;
  for (const child of idle.slice()) end(child);
}

/** The toolchain breaks its messages over several lines. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, ": ")
    .slice(0, 500);
}
