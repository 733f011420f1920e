import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { lowerPriority } from "@caxton/service/low-priority";
import type { RunnerOrder } from "../runner/protocol.ts";

const mainFile = fileURLToPath(new URL("../runner/main.ts", import.meta.url));
const heapMaxMb = 192;

export interface RunnerProcess {
  readonly pid: number;
  /** Resolves when it is gone: undefined where it came to its end, else why it did not. */
  readonly exited: Promise<string | undefined>;
  stop(): void;
  kill(): void;
}

export function startRunner(order: RunnerOrder & { readonly type: "start" }): RunnerProcess {
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMaxMb}`, mainFile], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: {},
  });
  let lastWords = "";
  child.stderr?.on("data", (data: Buffer) => (lastWords = `${lastWords}${data.toString()}`.slice(-1_000)));
  const send = (message: RunnerOrder): void => {
    // Gone in the meantime: its exit is on the way.
    if (child.connected) child.send(message, () => undefined);
  };
  const exited = new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      const how = signal === null ? `exited with ${code}` : `ended by ${signal}`;
      resolve(code === 0 ? undefined : `${how} ${lastWords.trim()}`.trim());
    });
  });
  if (child.pid !== undefined) lowerPriority(child.pid);
  send(order);
  return { pid: child.pid ?? -1, exited, stop: () => send({ type: "stop" }), kill: () => void child.kill("SIGKILL") };
}
