/** One instance of a version: a process of its own, ended by its supervisor or with it. */
import { flushCompileCache } from "node:module";
import process from "node:process";
import { connectBus } from "@caxton/bus/connect";
import { toCaxtonError } from "@caxton/contracts/errors";
import { keepMessagesYoung } from "@caxton/service/heap";
import { startRunner, type Runner } from "@caxton/wasm-agent/runner";
import { openThread } from "@caxton/wasm-agent/runner-thread";
import type { InstanceOptions, InstanceOrder, InstanceReport } from "./protocol.ts";
import { RunQueue } from "./run-queue.ts";
import { serve } from "./serve.ts";

/** So that what was said goes out before the process does. */
const exitDelayMs = 50;
/** Shorter than it takes another host to see that the slot is free. */
const orphanedMaxMs = 1_500;

/** Most of a start, and the same for every agent: a process that waits for one has it behind it. */
const firstThread = openThread();
keepMessagesYoung();
let stop = (): void => process.exit(0);

function report(message: InstanceReport): void {
  if (process.connected) process.send?.(message);
}

function fail(error: unknown): void {
  const { code, message } = toCaxtonError(error);
  report({ type: "failed", code, reason: message });
  setTimeout(() => process.exit(1), exitDelayMs);
}

async function start(options: InstanceOptions): Promise<void> {
  const startedMs = performance.now();
  const { busUrl, instance, spec } = options;
  const { agent, version, concurrency } = spec;
  const queue = new RunQueue(fail);
  const agents = Array.from({ length: concurrency }, async (_, index) => {
    queue.join(await startAgent(options, index === 0 ? firstThread : openThread()));
  });
  const running = Promise.all(agents);
  // Waited for only once the bus is there.
  running.catch(() => undefined);
  const bus = await connectBus({ url: busUrl, name: `${agent}.${version} ${instance}`, onError: () => undefined });
  const service = await serve({ bus, queue, running, agent, version, instance, report, onError: fail });
  stop = () => {
    service
      .drain()
      .then(() => bus.close())
      .then(() => process.exit(0), fail);
  };
  report({ type: "ready", startMs: performance.now() - startedMs });
}

/** Of all threads, since the process began. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function startAgent(
  { preparedDir, spec }: InstanceOptions,
  thread: ReturnType<typeof openThread>,
): Promise<Runner> {
  const { messageTimeoutMs, startTimeoutMs, outputMaxBytes } = spec.limits;
  const runner = await startRunner({
    preparedDir,
    configuration: spec.configuration,
    messageTimeoutMs,
    startTimeoutMs,
    outputMaxBytes,
    thread,
    onLog: (lines) => report({ type: "log", lines }),
  });
  await runner.loadContract();
  return runner;
}

process.on("message", (order: InstanceOrder) => {
  if (order.type === "start") start(order.options).catch(fail);
  else if (order.type === "ping") report({ type: "pong", memoryBytes: process.memoryUsage.rss(), cpuMs: cpuMs() });
  else stop();
});
// The supervisor is gone; another host takes the slot over. What was taken is answered first: nobody else would say what became of it.
process.on("disconnect", () => {
  setTimeout(() => process.exit(0), orphanedMaxMs);
  stop();
});
// Ctrl-C in a terminal reaches the whole group; the supervisor decides when its instances end.
process.on("SIGINT", () => undefined);
// An instance may end by a kill, and would keep nothing of its loading for the next one then.
flushCompileCache();
