import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findNatsServer } from "../../services/standalone/src/find-nats-server.ts";
import { chooseNatsPort } from "../../services/standalone/src/free-port.ts";

export interface NatsServerOptions {
  /** A free loopback port unless given. */
  readonly port?: number;
  /** Kept on `stop` when given; else a temporary folder that `stop` removes. */
  readonly storeDir?: string;
  /** More lines for the server's configuration file, such as `max_payload: 64KB`. */
  readonly config?: string;
  readonly startTimeoutMs?: number;
}

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  /** Of the process now running, or of the last one. */
  readonly pid: number;
  /** Ends the process and resolves when it is gone; the data stays. SIGKILL unless given. */
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts again on the same port and data (kill -9 first where it still runs); resolves when it takes connections. */
  restart(): Promise<void>;
  /** SIGSTOP: the sockets stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Ends the process and removes the temporary folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A real nats-server with JetStream on 127.0.0.1. It does not outlive this process, however that ends. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), "caxton-nats-"));
  const storeDir = options.storeDir ?? join(folder, "data");
  const startTimeoutMs = options.startTimeoutMs ?? 20_000;
  const janitor = startJanitor(folder);
  let port = options.port ?? (await freePort());
  let child = await start(2);

  async function start(moreTries: number): Promise<ChildProcess> {
    try {
      return await startProcess(folder, storeDir, port, options.config ?? "", startTimeoutMs, janitor);
    } catch (error) {
      if (options.port !== undefined || moreTries === 0) {
        await janitor.finish();
        throw error;
      }
      port = await freePort();
      return await start(moreTries - 1);
    }
  }

  async function kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async function stop(): Promise<void> {
    await kill();
    await janitor.finish();
  }

  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDir,
    get pid() {
      return child.pid ?? -1;
    },
    kill,
    async restart() {
      await kill();
      child = await startProcess(folder, storeDir, port, options.config ?? "", startTimeoutMs, janitor);
    },
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Janitor {
  /** The process to end should this one die. */
  watch(child: ChildProcess): void;
  finish(): Promise<void>;
}

/** A shell that waits for the end of its input, which comes even when this process is killed, and then cleans up. */
function startJanitor(folder: string): Janitor {
  const script =
    'pid=; while read -r line; do pid=$line; done; [ -n "$pid" ] && kill -9 "$pid" 2>/dev/null; rm -rf "$0"';
  const shell = spawn("/bin/sh", ["-c", script, folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  const gone = once(shell, "exit");
  shell.unref();
  return {
    watch(child) {
      shell.stdin.write(`${child.pid ?? ""}\n`);
      child.once("exit", () => void (shell.stdin.writable && shell.stdin.write("\n")));
    },
    async finish() {
      shell.ref();
      shell.stdin.end();
      await gone;
    },
  };
}

/** A port of 127.0.0.1 that nobody listens on now. */
export const freePort = (): Promise<number> => chooseNatsPort("127.0.0.1", 0);

let started = 0;

async function startProcess(
  folder: string,
  storeDir: string,
  port: number,
  config: string,
  timeoutMs: number,
  janitor: Janitor,
): Promise<ChildProcess> {
  // The name tells our server from another that took the port in the meantime.
  const name = `caxton-test-${process.pid}-${started++}`;
  const configFile = join(folder, "nats.conf");
  const logFile = join(folder, "nats.log");
  const jetstream = `jetstream { store_dir: ${JSON.stringify(storeDir)} }`;
  await writeFile(configFile, `server_name: ${name}\nlisten: "127.0.0.1:${port}"\n${jetstream}\n${config}\n`);
  await using log = await open(logFile, "a");
  const child = spawn(findNatsServer(process.env), ["-c", configFile], { stdio: ["ignore", log.fd, log.fd] });
  await once(child, "spawn");
  janitor.watch(child);
  const deadlineMs = performance.now() + timeoutMs;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadlineMs) {
    if ((await serverNameAt(port)) === name) return child;
    await delay(10);
  }
  child.kill("SIGKILL");
  const tail = (await readFile(logFile, "utf8")).slice(-2_000);
  throw new Error(
    `nats-server did not take connections on 127.0.0.1:${port} within ${timeoutMs} ms; its log ends:\n${tail}`,
  );
}

/** The name in the server's greeting; undefined where nobody greets. */
function serverNameAt(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let greeting = "";
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (name: string | undefined): void => {
      socket.destroy();
      resolve(name);
    };
    socket.setTimeout(1_000, () => finish(undefined));
    socket.once("error", () => finish(undefined));
    socket.once("close", () => finish(undefined));
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      greeting += text;
      if (greeting.includes("\r\n")) finish(/"server_name":"([^"]+)"/.exec(greeting)?.[1]);
    });
  });
}
