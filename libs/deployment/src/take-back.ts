import type { Fact } from "./event.ts";
import { type Facts, refuse } from "./facts.ts";
import { shiftRoute } from "./route.ts";
import { type AgentState, type Deployment, deploymentOf, versionOf, warmPredecessor } from "./state.ts";

/** Who takes a version back, why, and since when that was so. */
export interface TakingBack {
  readonly reason: string;
  readonly actor: string;
  readonly cause: string;
  readonly sinceMs: number;
}

/** Of one on its way, and of one that runs while the version before it is kept warm. */
export function rollback(deployment: Deployment, state: AgentState, why: TakingBack, now: number): Facts {
  if (deployment.state === "Queued" || deployment.state === "Validating") {
    return refuse(
      "not-allowed-now",
      `deployment ${deployment.deployment} is ${deployment.state} and has no version yet; abort it instead`,
    );
  }
  if (deployment.strategy === "shadow") {
    return refuse(
      "not-allowed-now",
      `deployment ${deployment.deployment} is a shadow, which has no messages to give back; abort it instead`,
    );
  }
  return deployment.state === "Running" ? bringBack(deployment, state, why) : takeBack(deployment, state, why, now);
}

/** The previous version back in and the new one out, in one revision (DESIGN.md, Rollback). */
export function takeBack(deployment: Deployment, state: AgentState, why: TakingBack, now: number): Facts {
  const { deployment: id, version } = deployment;
  if (deployment.rollbackReason !== undefined) return { ok: true, facts: [] };
  if (deployment.state !== "Deploying" || version === undefined) {
    return refuse(
      "not-allowed-now",
      `deployment ${id} is ${deployment.state}; only one that is Deploying can be taken back`,
    );
  }
  const started: Fact = { type: "RollbackStarted", deployment: id, ...why };
  if (!state.route.targets.some((target) => target.version === version)) {
    const { revision } = state.route;
    const drain: Fact = {
      type: "DrainStarted",
      deployment: id,
      version,
      revision,
      deadlineAtMs: now,
      ending: "RolledBack",
    };
    return { ok: true, facts: [started, drain] };
  }
  return { ok: true, facts: [started, backTo(versionOf(state, deployment.replaces), deployment, state)] };
}

function bringBack(deployment: Deployment, state: AgentState, why: TakingBack): Facts {
  const { deployment: id, version, agent } = deployment;
  if (state.undeploy !== undefined)
    return refuse("not-allowed-now", `${agent} is being undeployed; deploy the earlier artifact again afterwards`);
  const before = warmPredecessor(state, deployment);
  if (before === undefined) {
    return refuse(
      "nothing-to-roll-back-to",
      `${version} runs and no earlier version of ${agent} is kept warm; deploy the earlier artifact again`,
    );
  }
  const other = deploymentOf(state, state.rollout);
  if (other !== undefined) {
    return refuse(
      "not-allowed-now",
      `${other.version ?? other.deployment} is on its way to replace ${version}; abort it first, then roll back`,
    );
  }
  const started: Fact = { type: "RollbackStarted", deployment: id, ...why };
  return { ok: true, facts: [started, backTo(before.version, deployment, state)] };
}

function backTo(version: string | undefined, { deployment, plan }: Deployment, { route }: AgentState): Fact {
  return { type: "RouteChanged", deployment, step: plan.length - 1, ...shiftRoute(route, undefined, 0, version) };
}
