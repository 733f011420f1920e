import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectBus } from "@caxton/bus/connect";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAlive } from "../harness/is-alive.ts";
import { startNatsServer } from "../harness/nats-server.ts";
import { parsePrometheus } from "../telemetry/prometheus.ts";

const main = fileURLToPath(new URL("../../services/standalone/src/main.ts", import.meta.url));
const withinMs = 60_000;

interface Addresses {
  readonly pid: number;
  readonly natsPid: number;
  readonly natsUrl: string;
  readonly httpUrl: string;
}

describe("everything in one process", () => {
  let dataDir: string;
  const started: ChildProcess[] = [];
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "caxton-standalone-"));
  });
  afterEach(async () => {
    for (const child of started.splice(0)) if (await stop(child, "SIGTERM")) await stop(child, "SIGKILL");
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  function start(...args: readonly string[]): ChildProcess {
    const ports = ["--port", "0", "--http-port", "0", "--grpc-port", "0"];
    const child = spawn(process.execPath, [main, "--data", dataDir, ...ports, "--json", ...args]);
    started.push(child);
    return child;
  }

  async function up(...args: readonly string[]): Promise<{ child: ChildProcess; addresses: Addresses }> {
    const child = start(...args);
    if (child.stdout === null) throw new Error("no stdout");
    const [line] = await once(createInterface(child.stdout), "line", { signal: AbortSignal.timeout(withinMs) });
    const addresses: Addresses = JSON.parse(String(line));
    return { child, addresses };
  }

  test("is ready with its addresses in the data folder, and SIGTERM leaves nothing running", async () => {
    const { child, addresses } = await up();
    expect(JSON.parse(await readFile(join(dataDir, "caxton.json"), "utf8"))).toEqual(addresses);
    expect((await fetch(`${addresses.httpUrl}/readyz`)).status).toBe(200);
    expect(await stop(child, "SIGTERM")).toBe(false);
    expect(child.exitCode).toBe(0);
    expect(isAlive(addresses.natsPid)).toBe(false);
    expect(existsSync(join(dataDir, "caxton.json"))).toBe(false);
    expect(existsSync(join(dataDir, "caxton.lock"))).toBe(false);
  });

  test("/metrics tells of all services in one text, nothing twice", async () => {
    const { addresses } = await up();
    const answer = await fetch(`${addresses.httpUrl}/metrics`);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const series = parsePrometheus(await answer.text());
    const keys = series.map(({ name, labels }) => `${name}${JSON.stringify(labels)}`);
    expect(new Set(keys).size).toBe(keys.length);
    const services = series.filter(({ name }) => name === "caxton_service_up");
    expect(new Set(services.map(({ labels }) => labels["kind"]))).toEqual(
      new Set(["agent-host", "gateway", "ledger", "metrics-watcher", "orchestrator", "router", "shadow", "validator"]),
    );
    const rollbacks = { name: "caxton_deployment_rollback_total", labels: { reason: "high_error_rate" }, value: 0 };
    expect(series).toContainEqual(rollbacks);
    expect(series.find(({ name }) => name === "process_resident_memory_bytes")?.value).toBeGreaterThan(1_000_000);
  });

  test("a second one on the same data is refused, and says who holds it", async () => {
    const { addresses } = await up();
    const second = start();
    let words = "";
    second.stderr?.setEncoding("utf8").on("data", (text: string) => (words += text));
    const [exitCode] = await once(second, "close");
    expect(exitCode).toBe(4);
    expect(words).toContain(`process ${addresses.pid} runs caxton on ${dataDir}`);
    expect((await fetch(`${addresses.httpUrl}/readyz`)).status).toBe(200);
  });

  test.each([
    [
      "--event-store=redis://:secret@x",
      "caxton: the event store 'redis' (CAXTON_EVENT_STORE, --event-store) is none of: jetstream",
    ],
    ["--event-store=esdb://x?throwOnAppendFailure=false", "has an option throwOnAppendFailure that takes true"],
    ["--port=abc", "caxton: --port is 'abc', a port is 0 (a free one) to 65535"],
  ])("%s ends it before anything is begun, and says what is allowed", async (option, expected) => {
    const child = start(option);
    let words = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (words += text));
    const [exitCode] = await once(child, "close");
    expect({ exitCode, words }).toEqual({ exitCode: 2, words: expect.stringContaining(expected) });
    expect(words).toContain("(invalid-argument)");
    expect(words).not.toContain("secret");
    expect(existsSync(join(dataDir, "caxton.lock"))).toBe(false);
  });

  test("kill -9 takes nats-server with it, and the next start takes over the data", async () => {
    const { child, addresses } = await up();
    await stop(child, "SIGKILL");
    await until(() => !isAlive(addresses.natsPid));
    expect((await fetch(`${(await up()).addresses.httpUrl}/readyz`)).status).toBe(200);
  });

  test("a nats-server that dies is started again on the same port", async () => {
    const { addresses } = await up();
    process.kill(addresses.natsPid, "SIGKILL");
    await until(() => !isAlive(addresses.natsPid));
    const bus = await connectBus({ url: addresses.natsUrl, name: "test", connectTimeoutMs: withinMs });
    expect(bus.status).toBe("connected");
    await bus.close();
    await until(async () => (await fetch(`${addresses.httpUrl}/readyz`)).status === 200);
  });

  test("uses a server that runs already, and leaves it running", async () => {
    await using nats = await startNatsServer();
    const { child, addresses } = await up("--nats-url", nats.url);
    expect(addresses).toMatchObject({ natsUrl: nats.url });
    expect(addresses.natsPid).toBeUndefined();
    await stop(child, "SIGINT");
    expect([child.exitCode, isAlive(nats.pid)]).toEqual([0, true]);
  });
});

/** @returns whether it is still there after a while */
async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return false;
  const exited = once(child, "exit");
  child.kill(signal);
  return await Promise.race([exited.then(() => false), delay(withinMs, true, { ref: false })]);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(withinMs);
  while (!(await holds())) await delay(20, undefined, { signal });
}
