import type { Fact } from "./event.ts";
import { shiftRoute } from "./route.ts";
import { type AgentState, type Deployment, deploymentOf, versionOf } from "./state.ts";

/** What brings a deployment to its next step. `state` is as it was before any of it. */
export function advance(deployment: Deployment, state: AgentState, now: number): readonly Fact[] {
  return goToStep(deployment, deployment.frozen?.next ?? deployment.step + 1, state, now);
}

/** An agent's first version has nobody to share with: it gets all messages at once. A warm-up goes before. */
export function firstShift(deployment: Deployment, state: AgentState, now: number): readonly Fact[] {
  if (deployment.plan[deployment.step + 1]?.kind === "warm-up") return [];
  if (deployment.replaces === undefined) return goToStep(deployment, lastShift(deployment), state, now);
  return advance(deployment, state, now);
}

/** All messages at once. */
export function promoteFully(deployment: Deployment, state: AgentState, now: number): readonly Fact[] {
  return goToStep(deployment, Math.max(lastShift(deployment), deployment.step + 1), state, now);
}

function lastShift({ plan }: Deployment): number {
  return plan.findLastIndex(({ kind }) => kind === "shift");
}

/** @param index of the plan */
export function goToStep(deployment: Deployment, index: number, state: AgentState, now: number): readonly Fact[] {
  const { deployment: id, version, replaces } = deployment;
  const step = deployment.plan[index];
  if (step?.kind === "shift") {
    const route = shiftRoute(state.route, version, step.share, versionOf(state, replaces));
    return [{ type: "RouteChanged", deployment: id, step: index, ...route }];
  }
  if (step?.kind === "approve") return [{ type: "ApprovalAwaited", deployment: id, step: index }];
  return step?.kind === "finalize" ? complete(deployment, step.cleanupMs ?? 0, state, now) : [];
}

/** Whoever was kept warm until now goes; the one that was replaced is kept warm from now on, where the plan says so. */
function complete(deployment: Deployment, cleanupMs: number, state: AgentState, now: number): readonly Fact[] {
  const replaced = deploymentOf(state, deployment.replaces);
  const warm = Object.values(state.deployments).filter((one) => one.cleanup !== undefined && one.drain === undefined);
  return [
    { type: "DeploymentCompleted", deployment: deployment.deployment },
    ...warm.flatMap((one) => startDrain(one, one, "Retired", state, now)),
    ...(replaced === undefined ? [] : retire(replaced, deployment, cleanupMs, state, now)),
  ];
}

function retire(
  replaced: Deployment,
  by: Deployment,
  cleanupMs: number,
  state: AgentState,
  now: number,
): readonly Fact[] {
  const { deployment, version } = replaced;
  if (cleanupMs === 0 || version === undefined) return startDrain(replaced, by, "Retired", state, now);
  return [{ type: "CleanupStarted", deployment, version, by: by.deployment, untilMs: now + cleanupMs }];
}

/** `by` is the deployment whose plan says how long the drain may take. */
export function startDrain(
  deployment: Deployment,
  by: Deployment,
  ending: "Retired" | "RolledBack",
  state: AgentState,
  now: number,
): readonly Fact[] {
  const { deployment: id, version } = deployment;
  if (version === undefined || deployment.drain !== undefined) return [];
  const last = by.plan.at(-1);
  const drainMaxMs = last?.kind === "finalize" ? last.drainMaxMs : 0;
  const revision = state.route.closed.find((closing) => closing.version === version)?.revision ?? state.route.revision;
  return [{ type: "DrainStarted", deployment: id, version, revision, deadlineAtMs: now + drainMaxMs, ending }];
}
