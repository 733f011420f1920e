import type { DeploymentEvent } from "@caxton/deployment/event";
import { type AgentState, deploymentOf } from "@caxton/deployment/state";
import type { Metrics, Sample } from "@caxton/telemetry/registry";
import { stageTimes } from "../core/deployment-story.ts";

/** Reasons that a rule gave; what people write is told in events and logs, never in a label. */
const reasonLabel = /^[a-z][a-z0-9]*([_-][a-z0-9]+){0,5}$/;

/**
 * The ADR's metrics of deployments. Every event is counted by the orchestrator that appended it, so that the sum over all
 * is right however many there are.
 */
export class DeploymentMetrics {
  readonly #duration;
  readonly #validation;
  readonly #rollbacks;

  constructor(metrics: Metrics) {
    this.#duration = metrics.histogram(
      "caxton_deployment_duration_seconds",
      "From the request to its end: success, failed or rolled_back.",
    );
    this.#validation = metrics.histogram(
      "caxton_deployment_validation_time_seconds",
      "Time of each stage of validation.",
    );
    this.#rollbacks = metrics.counter("caxton_deployment_rollback_total", "Deployments taken back, by reason.");
  }

  /** @param state after these events */
  appended(events: readonly DeploymentEvent[], state: AgentState): void {
    for (const event of events) this.#count(event, state);
  }

  #count(event: DeploymentEvent, state: AgentState): void {
    switch (event.type) {
      case "ValidationPassed":
        this.#stages(event.report);
        return;
      case "ValidationFailed":
        this.#stages(event.report);
        this.#ended(event, state, "failed");
        return;
      case "DeploymentFailed":
        this.#ended(event, state, "failed");
        return;
      case "DeploymentCompleted":
        this.#ended(event, state, "success");
        return;
      case "DeploymentRolledBack": {
        const isRule = reasonLabel.test(event.reason);
        this.#rollbacks.add({ reason: isRule ? event.reason.replaceAll("-", "_") : "manual" });
        // One that had run was counted when it was complete.
        if (deploymentOf(state, event.deployment)?.runningAtMs === undefined) this.#ended(event, state, "rolled_back");
        return;
      }
      default:
    }
  }

  #stages(report: unknown): void {
    for (const { stage, durationMs } of stageTimes(report)) this.#validation.observe({ stage }, durationMs / 1000);
  }

  #ended(event: DeploymentEvent, state: AgentState, status: string): void {
    const deployment = deploymentOf(state, event.deployment);
    if (deployment === undefined) return;
    const { strategy, requestedAtMs } = deployment;
    this.#duration.observe({ strategy, status }, Math.max(0, event.atMs - requestedAtMs) / 1000);
  }
}

/** Every version that a route names, 1 where it is the stable one and 0 where it is on its way in or out. */
export function activeVersions(states: Iterable<AgentState>): readonly Sample[] {
  const samples: Sample[] = [];
  for (const state of states) {
    const { agent } = state;
    if (agent === undefined) continue;
    const stable = deploymentOf(state, state.active)?.version;
    const versions = new Set(state.route.targets.map(({ version }) => version));
    if (stable !== undefined) versions.add(stable);
    for (const version of versions) samples.push({ labels: { agent, version }, value: version === stable ? 1 : 0 });
  }
  return samples;
}
