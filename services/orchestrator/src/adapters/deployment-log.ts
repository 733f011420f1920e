import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { windowsSubject } from "@caxton/contracts/subjects";
import { versionNames } from "@caxton/contracts/version-names";
import { type VersionWindow, windowsAnswer } from "@caxton/contracts/windows";
import { verdictText } from "@caxton/deployment/judging-text";
import type { Logger } from "@caxton/telemetry/logger";
import { type DeploymentLine, deploymentLines } from "../core/deployment-lines.ts";
import { round, verdictMetrics, verdictSamples } from "../core/verdict-metrics.ts";
import type { Appended } from "./agents.ts";

/** A line is worth waiting so long for its metrics, in ms. */
const metricsTimeoutMs = 500;

/**
 * The ADR's log object for every step, state and verdict of a deployment, from the orchestrator whose append made it so. The
 * metrics are those of the verdict; of a version that is not on trial, those of its last minute. Nothing waits for the line.
 */
export function logDeployments(bus: Bus, log: Logger, { agent, events, before, after }: Appended): void {
  for (const line of deploymentLines(events, before, after)) {
    const { version, isOnTrial, verdict } = line;
    const write = (metrics?: object): void => log.info({ ...fieldsOf(agent, line), ...metrics }, textOf(line));
    if (verdict !== undefined) write({ metrics: verdictMetrics(verdict) });
    else if (version === undefined || isOnTrial) write();
    else void lastMinute(bus, agent, version).then(write);
  }
}

function fieldsOf(agent: string, line: DeploymentLine) {
  const { event, deployment, version, stage, percentage, verdict, decision } = line;
  return {
    deployment_id: deployment,
    agent_id: agent,
    ...(version === undefined ? {} : versionNames(version)),
    stage,
    percentage,
    event,
    ...(verdict === undefined ? {} : { verdict: verdict.outcome, samples: verdictSamples(verdict) }),
    ...(decision === undefined ? {} : { decision }),
  };
}

function textOf({ event, deployment, version = deployment, stage, percentage, verdict }: DeploymentLine): string {
  return event === "verdict" && verdict !== undefined ? verdictText(verdict) : `${version} ${stage} ${percentage}%`;
}

/** What a metrics-watcher has of it, and how long that took to ask: the line is that much older than its time. */
async function lastMinute(bus: Bus, agent: string, version: string): Promise<object> {
  const askedAtMs = Date.now();
  const window = await windowOf(bus, agent, version).catch(() => undefined);
  const waited = { waited_ms: Date.now() - askedAtMs };
  if (window === undefined) return waited;
  const { errorRate, latencyMs } = window;
  const p99 = latencyMs === undefined ? {} : { p99_latency_ms: round(latencyMs.p99) };
  // Percent, as `percentage` is.
  return { metrics: { error_rate: round(errorRate * 100), ...p99 }, ...waited };
}

async function windowOf(bus: Bus, agent: string, version: string): Promise<VersionWindow | undefined> {
  const answer = await bus.request(windowsSubject(agent), encodeJson({}), { timeoutMs: metricsTimeoutMs });
  const known = windowsAnswer.check(decodeJson(answer.data));
  return known.ok ? known.windows.versions.find((window) => window.version === version) : undefined;
}
