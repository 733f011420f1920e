import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CaxtonError } from "@caxton/contracts/errors";
import type { Logger } from "@caxton/telemetry/logger";

const stopTimeoutMs = 5_000;
const restartMinMs = 100;
const restartMaxMs = 5_000;
const logTailChars = 1_000;

export interface NatsProcessOptions {
  readonly program: string;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
}

export interface NatsProcess {
  readonly url: string;
  readonly pid: number;
  /** What it may set aside for streams in all. */
  readonly storageMaxBytes: number;
  /** Rejects when the server ends before anybody was served, with what its log says. */
  readonly endedEarly: Promise<never>;
  /** From now on the server is started again whenever it ends. */
  keepAlive(): void;
  stop(): Promise<void>;
}

/** nats-server as a child, its streams in `<data>/nats`. It ends with us, also when we are killed. */
export async function startNatsProcess(options: NatsProcessOptions): Promise<NatsProcess> {
  const { program, dataDir, host, port, log } = options;
  const configFile = join(dataDir, "nats.conf");
  const logFile = join(dataDir, "nats.log");
  await mkdir(join(dataDir, "nats"), { recursive: true });
  const storeDir = join(dataDir, "nats");
  const storageMaxBytes = await storageFor(storeDir, configFile);
  await writeFile(configFile, configText(host, port, storeDir, storageMaxBytes));

  let stopping = false;
  let kept = false;
  let waitMs = restartMinMs;
  const early = Promise.withResolvers<never>();
  early.promise.catch(() => undefined);

  function start(): ChildProcess {
    const logFd = openSync(logFile, "a");
    // A group of its own: the terminal's Ctrl-C is for us, and we end the server last.
    const server = spawn(program, ["-c", configFile], { stdio: ["ignore", logFd, logFd], detached: true });
    closeSync(logFd);
    const watchdog = server.pid === undefined ? undefined : startWatchdog(server.pid);
    server.once("error", (error) =>
      early.reject(new CaxtonError("bus-unavailable", `${program} does not start: ${error.message}`)),
    );
    server.once("exit", (code, signal) => {
      watchdog?.kill("SIGKILL");
      if (!stopping) void ended(`${code ?? signal}`);
    });
    return server;
  }

  let child = start();

  async function ended(how: string): Promise<void> {
    if (!kept) {
      const tail = (await readFile(logFile, "utf8").catch(() => "")).slice(-logTailChars);
      early.reject(
        new CaxtonError("bus-unavailable", `nats-server ended at once (${how}); ${logFile} ends with:\n${tail}`),
      );
      return;
    }
    log.warn({ event: "nats-ended", how, restart_in_ms: waitMs }, "nats-server ended and is started again");
    await delay(waitMs);
    waitMs = Math.min(waitMs * 2, restartMaxMs);
    if (!stopping) child = start();
  }

  return {
    url: `nats://${host}:${port}`,
    get pid() {
      return child.pid ?? -1;
    },
    storageMaxBytes,
    endedEarly: early.promise,
    keepAlive() {
      kept = true;
    },
    async stop() {
      stopping = true;
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Blocks on a pipe that only our death closes, then ends the server: works for kill -9, on Linux and macOS alike. */
function startWatchdog(pid: number): ChildProcess {
  const watchdog = spawn("/bin/sh", ["-c", 'read -r _; kill -TERM "$0" 2>/dev/null', String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watchdog.once("error", () => undefined);
  watchdog.unref();
  return watchdog;
}

/** Three quarters of what is free, as nats-server itself takes, but never less than was promised to the streams before. */
async function storageFor(storeDir: string, configFile: string): Promise<number> {
  const { bavail, bsize } = await statfs(storeDir);
  const before = /max_file_store: (\d+)/.exec(await readFile(configFile, "utf8").catch(() => ""))?.[1];
  return Math.max(Math.floor((bavail * bsize * 3) / 4), Number(before ?? 0));
}

function configText(host: string, port: number, storeDir: string, storageMaxBytes: number): string {
  const store = `store_dir: ${JSON.stringify(storeDir)}, max_file_store: ${storageMaxBytes}`;
  return `listen: ${JSON.stringify(`${host}:${port}`)}\njetstream { ${store} }\n`;
}
