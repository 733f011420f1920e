import { versionNames } from "@caxton/contracts/version-names";
import { type AgentState, type Deployment, deploymentOf, stepOf } from "@caxton/deployment/state";

/** One series of a gauge. */
export interface GaugeSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Every version that a route names, 1 where it is the stable one and 0 where it is on its way in or out. */
export function activeVersions(states: readonly AgentState[]): readonly GaugeSample[] {
  return states.flatMap((state) => {
    const { agent } = state;
    if (agent === undefined) return [];
    const stable = deploymentOf(state, state.active)?.version;
    const versions = new Set(state.route.targets.map(({ version }) => version));
    if (stable !== undefined) versions.add(stable);
    return [...versions].map((id) => ({ labels: { agent, ...versionNames(id) }, value: id === stable ? 1 : 0 }));
  });
}

/** The step that each rollout is at, counted from 1 as commands and `caxton explain` count them. */
export function rolloutSteps(states: readonly AgentState[]): readonly GaugeSample[] {
  return rollouts(states).map(({ labels, deployment }) => ({ labels, value: deployment.step + 1 }));
}

/** How many steps the plan of each rollout has. */
export function plannedSteps(states: readonly AgentState[]): readonly GaugeSample[] {
  return rollouts(states).map(({ labels, deployment }) => ({ labels, value: deployment.plan.length }));
}

/** What keeps a rollout where it is: a verdict that does not come (`hold`), a person (`pause`), or one who is waited for (`approval`). */
export function rolloutWaits(states: readonly AgentState[]): readonly GaugeSample[] {
  return rollouts(states).flatMap(({ labels, deployment }) => {
    const waits = {
      hold: deployment.watch?.heldAtMs !== undefined,
      pause: deployment.pausedAtMs !== undefined,
      approval: stepOf(deployment)?.kind === "approve",
    };
    return Object.entries(waits).map(([reason, holds]) => ({ labels: { ...labels, reason }, value: holds ? 1 : 0 }));
  });
}

interface Rollout {
  readonly labels: Readonly<Record<string, string>>;
  readonly deployment: Deployment;
}

/** One that is taken back is at no step any more. */
function rollouts(states: readonly AgentState[]): readonly Rollout[] {
  return states.flatMap((state) => {
    const deployment = deploymentOf(state, state.rollout);
    if (deployment === undefined || deployment.rollbackReason !== undefined) return [];
    const { agent, strategy, version } = deployment;
    return [{ labels: { agent, strategy, ...(version === undefined ? {} : versionNames(version)) }, deployment }];
  });
}

/** The redrives under way, by the version whose messages they send again. */
export function redrivesUnderWay(states: readonly AgentState[]): readonly RedriveUnderWay[] {
  return states
    .flatMap(({ deployments }) => Object.values(deployments))
    .flatMap(({ agent, deployment, version, redrive }) =>
      version === undefined || redrive?.state !== "going"
        ? []
        : [{ labels: { agent, ...versionNames(version) }, agent, deployment, number: redrive.number }],
    );
}

export interface RedriveUnderWay {
  readonly labels: Readonly<Record<string, string>>;
  readonly agent: string;
  readonly deployment: string;
  readonly number: number;
}
