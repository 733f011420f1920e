import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { windowsSubject } from "@caxton/contracts/subjects";
import { type VersionWindow, windowsAnswer } from "@caxton/contracts/windows";
import type { AgentState } from "@caxton/deployment/state";
import type { Logger } from "@caxton/telemetry/logger";
import { transitions } from "../core/transitions.ts";

/** A line is worth waiting so long for its metrics, in ms. */
const metricsTimeoutMs = 500;

/**
 * One line for every transition of a deployment, with the ADR's fields, from the orchestrator whose append made it so. How
 * the version does is in it where a metrics-watcher knows; nothing waits for the line.
 */
export function logTransitions(bus: Bus, log: Logger, agent: string, before: AgentState, after: AgentState): void {
  for (const { deployment, version, stage, percentage } of transitions(before, after)) {
    const fields = { event: "transition", deployment_id: deployment, agent_id: agent, version, stage, percentage };
    const atMs = Date.now();
    const write = (window: VersionWindow | undefined): void => {
      const waited_ms = Date.now() - atMs;
      log.info({ ...fields, ...metricsOf(window), waited_ms }, `${version === "" ? deployment : version} ${stage}`);
    };
    const asked = version === "" ? Promise.resolve(undefined) : windowOf(bus, agent, version);
    asked.then(write, () => write(undefined));
  }
}

async function windowOf(bus: Bus, agent: string, version: string): Promise<VersionWindow | undefined> {
  const answer = await bus.request(windowsSubject(agent), encodeJson({}), { timeoutMs: metricsTimeoutMs });
  const known = windowsAnswer.check(decodeJson(answer.data));
  return known.ok ? known.windows.versions.find((window) => window.version === version) : undefined;
}

function metricsOf(window: VersionWindow | undefined) {
  if (window === undefined) return {};
  const { errorRate, latencyMs } = window;
  const p99 = latencyMs === undefined ? {} : { p99_latency_ms: latencyMs.p99 };
  // Percent, as `percentage` is.
  return { metrics: { error_rate: errorRate * 100, ...p99 } };
}
