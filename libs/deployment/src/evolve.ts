import type { DeploymentEvent } from "./event.ts";
import { forgetClosed } from "./route.ts";
import { type AgentState, type Deployment, deploymentOf } from "./state.ts";

/**
 * State after one more fact. Total: a fact about something unknown, or of a type that came later than this code, changes nothing.
 */
export function evolve(state: AgentState, event: DeploymentEvent): AgentState {
  if (event.type === "DeploymentRequested") return requested(state, event);
  return deploymentOf(state, event.deployment) === undefined ? state : happened(state, event);
}

function happened(state: AgentState, event: Exclude<DeploymentEvent, { type: "DeploymentRequested" }>): AgentState {
  switch (event.type) {
    case "DeploymentStarted":
      return change(
        { ...state, queue: without(state.queue, event.deployment), rollout: event.deployment },
        event.deployment,
        {
          state: "Validating",
          step: 0,
          stepStartedAtMs: event.atMs,
          ...(event.replaces === undefined ? {} : { replaces: event.replaces }),
        },
      );
    case "ValidationPassed":
      return change({ ...state, versions: Math.max(state.versions, event.ordinal) }, event.deployment, {
        state: "Deploying",
        step: 1,
        stepStartedAtMs: event.atMs,
        validatedAtMs: event.atMs,
        version: event.version,
        ordinal: event.ordinal,
        processes: "wanted",
      });
    case "ValidationFailed":
      return change(leaveRollout(state, event.deployment), event.deployment, {
        state: "Failed",
        failure: event.failure,
        endedAtMs: event.atMs,
      });
    case "VersionReady":
      return change(state, event.deployment, { step: 2, stepStartedAtMs: event.atMs });
    case "DeploymentFailed":
      return change(leaveRollout(state, event.deployment), event.deployment, {
        state: "Failed",
        failure: event.failure,
        endedAtMs: event.atMs,
        processes: "unwanted",
      });
    case "RouteChanged": {
      const { revision, targets, closed } = event;
      return change({ ...state, route: { revision, targets, closed } }, event.deployment, {
        step: event.step,
        stepStartedAtMs: event.atMs,
      });
    }
    case "RouteApplied":
      return { ...state, appliedRevision: Math.max(state.appliedRevision, event.revision) };
    case "DeploymentCompleted":
      return change({ ...leaveRollout(state, event.deployment), active: event.deployment }, event.deployment, {
        state: "Running",
        runningAtMs: event.atMs,
        stepStartedAtMs: event.atMs,
        step: (deploymentOf(state, event.deployment)?.plan.length ?? 1) - 1,
      });
    case "RollbackStarted":
      return change(remember(state, event.commandId), event.deployment, {
        state: "Draining",
        rollbackReason: event.reason,
      });
    case "DrainStarted": {
      const { revision, deadlineAtMs, ending } = event;
      return change(state, event.deployment, { state: "Draining", drain: { revision, deadlineAtMs, ending } });
    }
    case "VersionDrained":
      return change(state, event.deployment, { drainedAtMs: event.atMs, processes: "unwanted" });
    case "VersionStopped":
      return change({ ...state, route: forgetClosed(state.route, event.version) }, event.deployment, {
        processes: "gone",
      });
    case "DeploymentRetired":
      return change(state, event.deployment, { state: "Retired", endedAtMs: event.atMs });
    case "DeploymentRolledBack":
      return change(
        {
          ...remember(leaveRollout(state, event.deployment), event.commandId),
          queue: without(state.queue, event.deployment),
        },
        event.deployment,
        { state: "RolledBack", endedAtMs: event.atMs, rollbackReason: event.reason },
      );
    default:
      return state;
  }
}

function requested(state: AgentState, event: DeploymentEvent & { type: "DeploymentRequested" }): AgentState {
  if (deploymentOf(state, event.deployment) !== undefined) return state;
  const { type: _type, atMs, commandId: _commandId, ...request } = event;
  const deployment: Deployment = {
    ...request,
    state: "Queued",
    requestedAtMs: atMs,
    step: 0,
    stepStartedAtMs: atMs,
    processes: "none",
  };
  return {
    ...remember(state, event.commandId),
    agent: event.agent,
    deployments: { ...state.deployments, [event.deployment]: deployment },
    queue: [...state.queue, event.deployment],
  };
}

function change(state: AgentState, id: string, changes: Partial<Deployment>): AgentState {
  const deployment = deploymentOf(state, id);
  if (deployment === undefined) return state;
  return { ...state, deployments: { ...state.deployments, [id]: { ...deployment, ...changes } } };
}

function without(queue: readonly string[], id: string): readonly string[] {
  return queue.filter((waiting) => waiting !== id);
}

function leaveRollout(state: AgentState, id: string): AgentState {
  return state.rollout === id ? { ...state, rollout: undefined } : state;
}

function remember(state: AgentState, commandId: string): AgentState {
  return { ...state, commands: { ...state.commands, [commandId]: true } };
}
