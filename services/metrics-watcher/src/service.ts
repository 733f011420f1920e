import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { BusMessage } from "@caxton/bus/types";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { inFlightSubject, watchSubject, windowsSubject } from "@caxton/contracts/subjects";
import { inFlight, watchRequest } from "@caxton/contracts/watched-step";
import { defaultWindowMs, windowsRequest, type WindowsAnswer } from "@caxton/contracts/windows";
import { watchAgents } from "@caxton/service/agents";
import { keepTrying } from "@caxton/service/keep-trying";
import type { RunningService, ServiceContext } from "@caxton/service/program";
import { Metrics } from "@caxton/telemetry/registry";
import { AgentWatch } from "./adapters/agent-watch.ts";
import { gaugeBus } from "./adapters/bus-gauges.ts";
import { gaugeSteps } from "./adapters/step-gauges.ts";
import { OutcomeTelemetry } from "./adapters/outcome-telemetry.ts";

const tidyEveryMs = 60_000;

/**
 * Follows the outcomes of every agent with a route, answers on `caxton.windows.<agent>`, and judges the steps that are asked
 * for on `caxton.watch.<agent>`.
 */
export async function startMetricsWatcher({ bus, log, id, health, spans }: ServiceContext): Promise<RunningService> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const watches = new Map<string, AgentWatch>();
  const running: Promise<void>[] = [];
  const metrics = health?.metrics ?? new Metrics();
  const telemetry = new OutcomeTelemetry(metrics, spans, Date.now());
  const readiness = { health, part: "metrics-watcher" };
  const ends = [
    health?.require("metrics-watcher", () => unread([...watches])),
    gaugeBus(bus, metrics),
    gaugeSteps(metrics, () => [...watches].map(([agent, watch]) => ({ agent, steps: watch.steps() }))),
  ];
  const tidying = setInterval(() => {
    telemetry.forgetIdle(Date.now());
    for (const watch of watches.values()) watch.forgetIdle(Date.now());
  }, tidyEveryMs);

  async function findAgents(): Promise<void> {
    for await (const agent of watchAgents(bus, signal)) {
      if (watches.has(agent)) continue;
      running.push(keepTrying(`watching ${agent}`, () => watchAgent(agent), { log, signal, readiness }));
    }
  }

  /** Begun again, it reads the outcomes anew. */
  async function watchAgent(agent: string): Promise<void> {
    const onOutcome = telemetry.tell.bind(telemetry);
    const watch = new AgentWatch({ bus, log, watcher: id, agent, onOutcome });
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

  // Who asks about an agent that is not known here yet asks again.
  const agentOf = ({ subject }: BusMessage, prefix: string): string => subject.slice(prefix.length);
  const subscriptions = [
    bus.subscribe(
      windowsSubject("*"),
      (message) => message.respond(encodeJson(answer(agentOf(message, windowsSubject("")), message))),
      { queue: "metrics-watcher", onError: (err) => log.error({ err }, "cannot answer") },
    ),
    bus.subscribe(
      watchSubject("*"),
      (message) =>
        watches.get(agentOf(message, watchSubject("")))?.watchStep(watchRequest.check(decodeJson(message.data))),
      { onError: (err) => log.error({ err }, "a step is not judged") },
    ),
    bus.subscribe(
      inFlightSubject("*"),
      (message) =>
        watches.get(agentOf(message, inFlightSubject("")))?.noteInFlight(inFlight.check(decodeJson(message.data))),
      { onError: (err) => log.error({ err }, "messages in flight are not counted") },
    ),
  ];
  running.push(keepTrying("watching routes", findAgents, { log, signal, readiness }));
  await Promise.all(subscriptions.map(({ ready }) => ready));
  return {
    async close() {
      clearInterval(tidying);
      for (const end of ends) end?.();
      await Promise.all(subscriptions.map((subscription) => subscription.drain()));
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function unread(watches: readonly (readonly [string, AgentWatch])[]): readonly string[] {
  return watches.flatMap(([agent, { isCurrent }]) => (isCurrent ? [] : [`outcomes of ${agent} are still being read`]));
}
