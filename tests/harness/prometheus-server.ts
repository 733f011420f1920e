import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./nats-server.ts";

/** One series of an answer to a query. */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusTarget {
  readonly url: string;
  readonly health: string;
  readonly error: string;
}

export interface PrometheusServer extends AsyncDisposable {
  readonly url: string;
  query(expression: string): Promise<readonly QueriedSeries[]>;
  targets(): Promise<readonly PrometheusTarget[]>;
}

const startTimeoutMs = 20_000;

/** `CAXTON_PROMETHEUS`, else PATH; undefined where it is not installed. */
export function findPrometheus(): string | undefined {
  const named = process.env["CAXTON_PROMETHEUS"] ?? "";
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"];
  const files = named === "" ? folders.map((folder) => join(folder, "prometheus")) : [named];
  return files.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A real Prometheus on 127.0.0.1 that scrapes these URLs five times a second; its data goes with it. */
export async function startPrometheus(program: string, urls: readonly string[]): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), "caxton-prometheus-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = {
    global: { scrape_interval: "200ms", scrape_timeout: "200ms" },
    scrape_configs: [{ job_name: "caxton", static_configs: [{ targets: urls.map((one) => new URL(one).host) }] }],
  };
  const configFile = join(folder, "prometheus.yml");
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(config));
  const child = spawn(
    "/bin/sh",
    // Ends with whoever started it: that closes its standard input.
    [
      "-c",
      '"$@" >"$0" 2>&1 & read -r end; kill -9 $!',
      join(folder, "log"),
      program,
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ["pipe", "ignore", "ignore"] },
  );

  async function ask(path: string): Promise<unknown> {
    const response = await fetch(`${url}${path}`);
    const answer: unknown = await response.json();
    const isAnswer = typeof answer === "object" && answer !== null && "data" in answer;
    if (!response.ok || !isAnswer) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  }

  async function stop(): Promise<void> {
    await end(child);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  try {
    await untilReady(url);
  } catch (error) {
    const said = await readFile(join(folder, "log"), "utf8").catch(() => "");
    await stop();
    throw new Error(`prometheus did not start:\n${said}`, { cause: error });
  }
  return {
    url,
    async query(expression) {
      const { result } = (await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as Vector;
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    async targets() {
      const { activeTargets } = (await ask("/api/v1/targets")) as Targets;
      return activeTargets.map(({ scrapeUrl, health, lastError }) => ({ url: scrapeUrl, health, error: lastError }));
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/ */
interface Vector {
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
}

interface Targets {
  readonly activeTargets: readonly {
    readonly scrapeUrl: string;
    readonly health: string;
    readonly lastError: string;
  }[];
}

async function untilReady(url: string): Promise<void> {
  const signal = AbortSignal.timeout(startTimeoutMs);
  while (
    !(await fetch(`${url}/-/ready`, { signal }).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    await delay(50, undefined, { signal });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.stdin?.end();
  await gone;
}
