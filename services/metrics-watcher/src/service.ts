import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { BusMessage } from "@caxton/bus/types";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { windowsSubject } from "@caxton/contracts/subjects";
import { defaultWindowMs, windowsRequest, type WindowsAnswer } from "@caxton/contracts/windows";
import { watchAgents } from "@caxton/service/agents";
import { keepTrying } from "@caxton/service/keep-trying";
import type { RunningService, ServiceContext } from "@caxton/service/program";
import { Metrics } from "@caxton/telemetry/registry";
import { AgentWatch } from "./adapters/agent-watch.ts";
import { gaugeBus } from "./adapters/bus-gauges.ts";
import { OutcomeTelemetry } from "./adapters/outcome-telemetry.ts";

const tidyEveryMs = 60_000;

/** Follows the outcomes of every agent with a route and answers on `caxton.windows.<agent>`. */
export async function startMetricsWatcher({ bus, log, health, spans }: ServiceContext): Promise<RunningService> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const watches = new Map<string, AgentWatch>();
  const running: Promise<void>[] = [];
  const metrics = health?.metrics ?? new Metrics();
  const telemetry = new OutcomeTelemetry(metrics, spans, Date.now());
  const endGauges = gaugeBus(bus, metrics);
  const tidying = setInterval(() => telemetry.forgetIdle(Date.now()), tidyEveryMs);

  async function findAgents(): Promise<void> {
    for await (const agent of watchAgents(bus, signal)) {
      if (!watches.has(agent)) running.push(keepTrying(`watching ${agent}`, () => watchAgent(agent), { log, signal }));
    }
  }

  /** Begun again, it reads the outcomes anew. */
  async function watchAgent(agent: string): Promise<void> {
    const watch = new AgentWatch(bus, agent, (outcome, position) => telemetry.tell(outcome, position));
    watches.set(agent, watch);
    log.info({ agent_id: agent }, "watching");
    await watch.keep(signal);
  }

  function answer(agent: string, message: BusMessage): WindowsAnswer {
    try {
      const watch = watches.get(agent);
      if (watch === undefined) throw new CaxtonError("unknown-agent", `no agent '${agent}' has a route`);
      const { windowMs = defaultWindowMs } =
        message.data.length === 0 ? {} : windowsRequest.check(decodeJson(message.data));
      return { ok: true, windows: watch.windows(windowMs) };
    } catch (error) {
      const { code, message: reason } = toCaxtonError(error);
      return { ok: false, error: { code, message: reason } };
    }
  }

  const prefix = windowsSubject("");
  const subscription = bus.subscribe(
    windowsSubject("*"),
    (message) => message.respond(encodeJson(answer(message.subject.slice(prefix.length), message))),
    { queue: "metrics-watcher", onError: (err) => log.error({ err }, "cannot answer") },
  );
  running.push(keepTrying("watching routes", findAgents, { log, signal }));
  await subscription.ready;
  return {
    async close() {
      clearInterval(tidying);
      endGauges();
      await subscription.drain();
      stopping.abort();
      await Promise.all(running);
    },
  };
}
