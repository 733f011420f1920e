import type { DeploymentEvent } from "./event.ts";
import { evolveAgent, remember, withoutUndeployed } from "./evolve-agent.ts";
import { enqueue, leaveQueue, reorder } from "./queue.ts";
import { forgetClosed } from "./route.ts";
import { redriven } from "./evolve-redrive.ts";
import { type AgentState, type Deployment, deploymentOf, watchMsOf } from "./state.ts";

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
      return change(started(state, event.deployment), event.deployment, {
        state: "Validating",
        step: 0,
        stepStartedAtMs: event.atMs,
        ...(event.replaces === undefined ? {} : { replaces: event.replaces }),
      });
    case "QueueReordered":
      return reorder(remember(state, event.commandId), event.deployment, event.to);
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
      return toStep({ ...state, route: { revision, targets, closed } }, event);
    }
    case "RouteApplied":
      return applied({ ...state, appliedRevision: Math.max(state.appliedRevision, event.revision) }, event);
    case "ExperimentConcluded":
      return change(state, event.deployment, { concluded: event.report });
    case "ApprovalAwaited":
      return toStep(state, event);
    case "VerdictReached":
      return judged(state, event);
    case "RolloutFrozen": {
      const { atMs, next, reason } = event;
      return change(state, event.deployment, { frozen: { atMs, next, reason } });
    }
    case "RolloutPaused":
      return change(remember(state, event.commandId), event.deployment, { pausedAtMs: event.atMs });
    case "RolloutResumed":
      return resumed(remember(state, event.commandId), event);
    case "DeploymentWaits": {
      const { step, place, waiting, reason, atMs } = event;
      const sinceMs = deploymentOf(state, event.deployment)?.waits?.sinceMs ?? atMs;
      return change(state, event.deployment, { waits: { step, place, waiting, reason, sinceMs, saidAtMs: atMs } });
    }
    case "DeploymentTurnCame":
      return turnCame(state, event);
    case "AgentHeld":
    case "AgentReleased":
    case "UndeployStarted":
    case "InboxClosed":
    case "InboxEmptied":
    case "AgentUndeployed":
      return evolveAgent(state, event);
    case "StepApproved":
    case "CanaryPromoted":
      return remember(state, event.commandId);
    case "DeploymentCompleted":
      return change(
        {
          ...withoutUndeployed(leaveRollout(leaveStep(state, event.deployment), event.deployment)),
          active: event.deployment,
        },
        event.deployment,
        {
          state: "Running",
          runningAtMs: event.atMs,
          stepStartedAtMs: event.atMs,
          step: (deploymentOf(state, event.deployment)?.plan.length ?? 1) - 1,
        },
      );
    case "CleanupStarted":
      return change(state, event.deployment, {
        state: "Draining",
        cleanup: { untilMs: event.untilMs, by: event.by },
      });
    case "RollbackStarted":
      return change(
        bringBack(leaveStep(remember(state, event.commandId), event.deployment), event.deployment),
        event.deployment,
        {
          state: "Draining",
          rollbackReason: event.reason,
        },
      );
    case "ShadowEnded":
      return shadowEnded(remember(state, event.commandId), event);
    case "VersionClosed":
      return change(state, event.deployment, { closedAtMs: event.atMs });
    case "DrainStarted": {
      const { revision, deadlineAtMs, ending } = event;
      // Only where it is undeployed is the active one drained.
      const after = state.active === event.deployment ? { ...state, active: undefined } : state;
      return change(after, event.deployment, { state: "Draining", drain: { revision, deadlineAtMs, ending } });
    }
    case "VersionDrained":
      return change(state, event.deployment, { drainedAtMs: event.atMs, processes: "unwanted" });
    case "VersionStopped":
      return change({ ...state, route: forgetClosed(state.route, event.version) }, event.deployment, {
        processes: "gone",
      });
    case "DeploymentRetired":
      return change(state, event.deployment, { state: "Retired", endedAtMs: event.atMs });
    case "PreparedCodeRemoved": {
      const before = deploymentOf(state, event.deployment)?.codeRemovedFrom ?? [];
      return change(state, event.deployment, { codeRemovedFrom: [...before, event.place] });
    }
    case "ArtifactRemoved":
      return change(state, event.deployment, { artifactRemovedAtMs: event.atMs });
    case "DeploymentRolledBack":
      return change(
        leaveQueue(remember(leaveRollout(state, event.deployment), event.commandId), event.deployment),
        event.deployment,
        { state: "RolledBack", endedAtMs: event.atMs, rollbackReason: event.reason },
      );
    case "RedriveStarted":
    case "RedriveStopped":
    case "RedriveFinished":
      return change(
        "actor" in event ? remember(state, event.commandId) : state,
        event.deployment,
        redriven(deploymentOf(state, event.deployment)?.redrive, event),
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
  const known = remember(state, event.commandId);
  return {
    ...(event.strategy === "shadow" ? known : enqueue(known, deployment)),
    agent: event.agent,
    deployments: { ...state.deployments, [event.deployment]: deployment },
  };
}

/** A shadow runs beside the rollouts: it waits in no line and takes no place. */
function started(state: AgentState, id: string): AgentState {
  return deploymentOf(state, id)?.strategy === "shadow" ? state : { ...leaveQueue(state, id), rollout: id };
}

/** Nothing is in flight that anybody waits for. */
function shadowEnded(
  state: AgentState,
  { deployment, cause, reason, atMs }: DeploymentEvent & { type: "ShadowEnded" },
): AgentState {
  const { revision } = state.route;
  return change(state, deployment, {
    state: "Draining",
    step: (deploymentOf(state, deployment)?.plan.length ?? 1) - 1,
    stepStartedAtMs: atMs,
    shadowEnd: { cause, reason },
    drain: { revision, deadlineAtMs: atMs, ending: "Retired" },
    drainedAtMs: atMs,
    processes: "unwanted",
  });
}

function change(state: AgentState, id: string, changes: Partial<Deployment>): AgentState {
  const deployment = deploymentOf(state, id);
  if (deployment === undefined) return state;
  return { ...state, deployments: { ...state.deployments, [id]: { ...deployment, ...changes } } };
}

/** Its time begins now. */
function turnCame(state: AgentState, { deployment: id, atMs }: { deployment: string; atMs: number }): AgentState {
  const deployment = deploymentOf(state, id);
  if (deployment === undefined) return state;
  const { waits: _waits, ...rest } = deployment;
  return { ...state, deployments: { ...state.deployments, [id]: { ...rest, stepStartedAtMs: atMs } } };
}

function toStep(
  state: AgentState,
  { deployment, step, atMs }: { deployment: string; step: number; atMs: number },
): AgentState {
  return change(leaveStep(state, deployment), deployment, { step, stepStartedAtMs: atMs });
}

/** What was so of the step that was under way is not so of another. */
function leaveStep(state: AgentState, id: string): AgentState {
  const deployment = deploymentOf(state, id);
  if (deployment === undefined) return state;
  const { watch, pausedAtMs, frozen, ...rest } = deployment;
  if ((watch ?? pausedAtMs ?? frozen) === undefined) return state;
  return { ...state, deployments: { ...state.deployments, [id]: rest } };
}

/** A step is watched from when every router follows it. */
function applied(state: AgentState, event: DeploymentEvent & { type: "RouteApplied" }): AgentState {
  const deployment = deploymentOf(state, event.deployment);
  if (deployment?.state !== "Deploying" || event.revision !== state.route.revision) return state;
  const watchMs = watchMsOf(deployment);
  if (watchMs === undefined) return state;
  return change(state, event.deployment, { stepStartedAtMs: event.atMs, watch: { endsAtMs: event.atMs + watchMs } });
}

function judged(
  state: AgentState,
  { deployment: id, atMs, verdict, decision }: DeploymentEvent & { type: "VerdictReached" },
): AgentState {
  const watch = deploymentOf(state, id)?.watch;
  if (watch === undefined) return state;
  const held = decision === "hold" ? { heldAtMs: atMs } : {};
  return change(state, id, { watch: { ...watch, verdict, verdictAtMs: atMs, ...held } });
}

/** The time that it stood still does not count. */
function resumed(state: AgentState, { deployment: id, atMs }: { deployment: string; atMs: number }): AgentState {
  const deployment = deploymentOf(state, id);
  if (deployment?.pausedAtMs === undefined) return state;
  const { pausedAtMs, watch, ...rest } = deployment;
  const stoodMs = atMs - Math.max(pausedAtMs, deployment.stepStartedAtMs);
  const later = watch === undefined ? {} : { watch: { ...watch, endsAtMs: watch.endsAtMs + stoodMs } };
  return { ...state, deployments: { ...state.deployments, [id]: { ...rest, ...later } } };
}

/** Where the one that runs is taken back, the version before it is the stable one from then on. */
function bringBack(state: AgentState, id: string): AgentState {
  const deployment = deploymentOf(state, id);
  const before = deploymentOf(state, deployment?.replaces);
  if (state.active !== id || before === undefined) return state;
  const { cleanup: _cleanup, ...rest } = before;
  const deployments = { ...state.deployments, [before.deployment]: { ...rest, state: "Running" as const } };
  return { ...state, deployments, active: before.deployment, rollout: id };
}

function leaveRollout(state: AgentState, id: string): AgentState {
  return state.rollout === id ? { ...state, rollout: undefined } : state;
}
