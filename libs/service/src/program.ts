import { randomUUID } from "node:crypto";
import process from "node:process";
import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { createLogger, type Logger } from "@caxton/telemetry/logger";
import { measureProcess } from "@caxton/telemetry/process-metrics";
import type { SpanSink } from "@caxton/telemetry/span";
import { startTelemetry } from "@caxton/telemetry/telemetry";
import { healthAddressFromEnvironment } from "./environment.ts";
import { createHealth, type Health, listenForHealth, requireBus } from "./health.ts";
import { keepMessagesYoung, keepRareCode } from "./heap.ts";
import { announce } from "./presence.ts";

export interface ServiceContext {
  readonly bus: Bus;
  readonly log: Logger;
  /** Tells instances of one kind of service apart. */
  readonly id: string;
  /** What the process says of itself: metrics, and whether the service can do its work. */
  readonly health?: Health;
  /** Absent where spans go nowhere. */
  readonly spans?: SpanSink;
}

export interface ProgramContext extends ServiceContext {
  /** Where the bus is, for processes that make a connection of their own. */
  readonly busUrl: string;
  readonly health: Health;
}

export interface RunningService {
  close(): Promise<void>;
}

/**
 * The shell of every service's main.ts: environment → bus → start → one line `ready` in the log → graceful close on
 * SIGINT or SIGTERM. `CAXTON_NATS_URL`, `CAXTON_SERVICE_ID`, `CAXTON_LOG_LEVEL`, `CAXTON_HEALTH_PORT`, `CAXTON_HEALTH_HOST`
 * and the standard OTEL_* are common to all.
 */
export async function runProgram(
  kind: string,
  start: (context: ProgramContext) => Promise<RunningService>,
): Promise<void> {
  keepMessagesYoung();
  keepRareCode();
  const id = process.env["CAXTON_SERVICE_ID"] ?? `${kind}-${randomUUID().slice(0, 8)}`;
  const log = createLogger({ service: kind, id, level: process.env["CAXTON_LOG_LEVEL"] ?? "info" });
  const stop = stopSignal();
  try {
    const telemetry = startTelemetry({ service: kind, id, log, environment: process.env });
    const { metrics, spans } = telemetry;
    const health = createHealth(metrics);
    const started = health.require(kind, () => ["starting"]);
    const address = healthAddressFromEnvironment();
    const listener = address === undefined ? undefined : await listenForHealth(health, address);
    measureProcess(metrics);

    const busUrl = process.env["CAXTON_NATS_URL"] ?? "nats://127.0.0.1:4222";
    const bus = await connectBus({ url: busUrl, name: id });
    requireBus(health, kind, bus);
    const service = await start({ bus, busUrl, log, id, health, ...(spans === undefined ? {} : { spans }) });
    started();
    const found = listener === undefined ? {} : { healthUrl: listener.url };
    const presence = await announce(bus, { kind, id, pid: process.pid, startedAtMs: Date.now(), ...found });
    log.info({ event: "ready", ...found }, "ready");
    await stop;
    log.info({ event: "stopping" }, "stopping");
    health.require(kind, () => ["stopping"]);
    // First, so that nobody waits for its word while it ends what it has.
    await presence.close();
    await service.close();
    await bus.close();
    await telemetry.close();
    listener?.close();
    log.info({ event: "stopped" }, "stopped");
  } catch (error) {
    const { code, message, stack } = toCaxtonError(error);
    log.fatal({ code, stack }, message);
    process.exitCode = 1;
  }
  // Whatever a dependency left open must not keep a stopped service alive.
  process.exit();
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    // A second one changes nothing: closing takes seconds at most, and cut short it leaves things behind.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
  });
}
