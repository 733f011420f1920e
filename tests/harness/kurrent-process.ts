import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { openKurrentEventStore } from "@caxton/event-store/kurrent/open";
import { freePort } from "./nats-server.ts";
import type { KurrentServer } from "./kurrent-server.ts";

const startTimeoutMs = 60_000;

/** None outlives this process. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A server that a command starts, whatever it is; resolves when it answers at the url. */
export async function startKurrentProcess(
  command: string,
  url: string,
): Promise<KurrentServer & Required<Pick<KurrentServer, "process">>> {
  let child: ChildProcess;

  async function start(): Promise<void> {
    // The shell makes way, so that signals reach the server itself. A server that reads its input ends with us.
    child = spawn("/bin/sh", ["-c", `exec ${command}`], { stdio: ["pipe", "ignore", "inherit"] });
    const started = child;
    running.add(started);
    const gone = once(started, "exit").then(() => {
      running.delete(started);
      throw new Error(`'${command}' ended with ${started.exitCode ?? started.signalCode}`);
    });
    gone.catch(() => undefined);
    await Promise.race([untilAnswers(url), gone]);
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  await start();
  return {
    url,
    process: {
      start,
      kill,
      freeze: async () => void child.kill("SIGSTOP"),
      thaw: async () => void child.kill("SIGCONT"),
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** The stand-in as such a server, with its data in a temporary folder. */
export async function startStandInProcess(): Promise<KurrentServer & Required<Pick<KurrentServer, "process">>> {
  const folder = await mkdtemp(join(tmpdir(), "caxton-stand-in-"));
  const main = fileURLToPath(new URL("../kurrent-stand-in/main.ts", import.meta.url));
  const port = await freePort();
  const command = `'${process.execPath}' '${main}' --port ${port} --folder '${folder}'`;
  const server = await startKurrentProcess(command, `kurrentdb://127.0.0.1:${port}?tls=false`);
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function untilAnswers(url: string): Promise<void> {
  const store = await openKurrentEventStore(url, { openTimeoutMs: startTimeoutMs });
  await store.close();
}
