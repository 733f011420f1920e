import type { DeploymentEvent } from "@caxton/deployment/event";
import { metrics as judged } from "@caxton/deployment/judging";
import { type AgentState, deploymentOf } from "@caxton/deployment/state";
import { type Metrics, secondsBounds } from "@caxton/telemetry/registry";
import { activeVersions, plannedSteps, rolloutSteps, rolloutWaits } from "../core/rollout-gauges.ts";
import { stageTimes } from "../core/stage-times.ts";
import type { Appended } from "./agents.ts";

/** In seconds: a canary as the ADR has it takes 25 minutes, one that people approve days. */
const durationBounds = [...secondsBounds, 1_200, 1_800, 3_600, 14_400, 86_400, 604_800] as const;
/** Those that there are today; a series that begins at 0 lets the first rollback be seen as a rise. */
const causes = ["manual", "inconclusive", "no_instance", ...judged.map((metric) => `high_${metric}`)];

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
      durationBounds,
    );
    this.#validation = metrics.histogram(
      "caxton_deployment_validation_time_seconds",
      "Time of each stage of validation.",
    );
    this.#rollbacks = metrics.counter("caxton_deployment_rollback_total", "Versions taken back, by what caused it.");
    for (const reason of causes) this.#rollbacks.add({ reason }, 0);
  }

  appended({ events, after }: Appended): void {
    for (const event of events) this.#count(event, after);
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
      case "ShadowEnded":
        this.#ended(event, state, event.cause === "behind" || event.cause === "unreported" ? "failed" : "success");
        return;
      case "RollbackStarted":
        this.#rollbacks.add({ reason: event.cause });
        return;
      case "DeploymentRolledBack":
        // One that had run was counted when it was complete.
        if (deploymentOf(state, event.deployment)?.runningAtMs === undefined) this.#ended(event, state, "rolled_back");
        return;
      default:
    }
  }

  /** What a validator remembered took no time now. */
  #stages(report: unknown): void {
    const { stages, isRemembered } = stageTimes(report);
    if (isRemembered) return;
    for (const { stage, durationMs } of stages) this.#validation.observe({ stage }, durationMs / 1000);
  }

  #ended(event: DeploymentEvent, state: AgentState, status: string): void {
    const deployment = deploymentOf(state, event.deployment);
    if (deployment === undefined) return;
    const { strategy, requestedAtMs } = deployment;
    this.#duration.observe({ strategy, status }, Math.max(0, event.atMs - requestedAtMs) / 1000);
  }
}

/** Where each agent's versions and rollouts are; every orchestrator tells the same. @returns how to end that */
export function gaugeRollouts(metrics: Metrics, states: () => readonly AgentState[]): () => void {
  const ends = [
    metrics.gauge(
      "caxton_agent_version_active",
      "1 where the version is the agent's stable one, 0 on its way in or out.",
      () => activeVersions(states()),
    ),
    metrics.gauge("caxton_deployment_step", "Step of the rollout under way, counted from 1.", () =>
      rolloutSteps(states()),
    ),
    metrics.gauge("caxton_deployment_steps", "Steps that the plan of the rollout under way has.", () =>
      plannedSteps(states()),
    ),
    metrics.gauge("caxton_deployment_waiting", "1 where the rollout stays where it is, by reason.", () =>
      rolloutWaits(states()),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
