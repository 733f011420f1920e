import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ServiceProcessOptions {
  /** The folder under services/. */
  readonly service: string;
  readonly id: string;
  readonly env: Readonly<Record<string, string>>;
  /** Given every line that the process writes. */
  readonly onLine: (line: string) => void;
}

export interface ServiceProcess {
  readonly pid: number;
  readonly isRunning: boolean;
  /** Resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Without waiting for anything: SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void;
}

const readyTimeoutMs = 60_000;

/** A shell that waits for the end of its input, which comes however this process ends, and takes along what it was told of. */
const janitor = spawn("/bin/sh", ["-c", 'pids=; while read -r pid; do pids="$pids $pid"; done; kill -9 $pids'], {
  stdio: ["pipe", "ignore", "ignore"],
  detached: true,
});
janitor.unref();

/** A service as a process of its own; resolves when it has logged `"event":"ready"`. */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { service, id, env, onLine } = options;
  const main = fileURLToPath(new URL(`../../services/${service}/src/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...env, CAXTON_SERVICE_ID: id },
    stdio: ["ignore", "pipe", "pipe"],
  });
  janitor.stdin.write(`${child.pid ?? ""}\n`);
  const exited = once(child, "exit").then(() => undefined);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  await untilReady(child, id, exited, onLine);
  return {
    pid: child.pid ?? -1,
    get isRunning() {
      return isRunning();
    },
    async kill(signal) {
      if (isRunning()) child.kill(signal);
      await exited;
    },
    signal: (signal) => void child.kill(signal),
  };
}

async function untilReady(
  child: ChildProcess,
  id: string,
  exited: Promise<void>,
  onLine: (line: string) => void,
): Promise<void> {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      onLine(line);
      if (line.includes('"event":"ready"')) resolve();
    });
  }
  exited.then(
    () => reject(new Error(`${id} ended before it was ready (${child.exitCode ?? child.signalCode})`)),
    reject,
  );
  const timer = setTimeout(() => reject(new Error(`${id} was not ready within ${readyTimeoutMs} ms`)), readyTimeoutMs);
  try {
    await ready;
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
