import type { Policy, RefusalCode, Request } from "./command.ts";
import type { Facts } from "./facts.ts";
import { shiftRoute } from "./route.ts";
import { type AgentState, type Deployment, type DeploymentRequest, deploymentOf, versionOf } from "./state.ts";
import { planProblem } from "./strategy.ts";

export function decideRequest(command: Request, state: AgentState, policy: Policy, now: number, actor: string): Facts {
  switch (command.type) {
    case "deploy":
      return deploy(command, state, policy, actor);
    case "abort":
      return withDeployment(state, command.deployment, (deployment) =>
        abort(deployment, state, command.reason, now, actor),
      );
    case "rollback":
      return withDeployment(state, command.deployment, (deployment) =>
        rollback(deployment, state, command.reason, now, actor),
      );
  }
}

function deploy(command: Request & { type: "deploy" }, state: AgentState, policy: Policy, actor: string): Facts {
  const known = deploymentOf(state, command.deployment);
  if (known !== undefined) {
    if (asksForTheSame(known, command)) return { ok: true, facts: [] };
    const what =
      "another artifact, configuration, limits, instances, concurrency, strategy or leave to break the contract";
    return refuse(
      "deployment-exists",
      `deployment ${command.deployment} was already asked for with ${what}; choose a new id`,
    );
  }
  const problem = planProblem(command.plan);
  if (problem !== undefined) return refuse("invalid-argument", problem);
  const active = deploymentOf(state, state.active);
  const idle = state.rollout === undefined && state.queue.length === 0;
  if (idle && active !== undefined && runsTheSame(active, command)) {
    return refuse(
      "already-active",
      `${command.agent} already runs this artifact with this configuration, limits, instances and concurrency as ${active.version}; nothing to do`,
    );
  }
  if (!idle && state.queue.length >= policy.maxQueued) {
    return refuse(
      "queue-full",
      `${state.queue.length} deployments of ${command.agent} wait already, at most ${policy.maxQueued} may; wait or abort one`,
    );
  }
  return { ok: true, facts: [{ ...command, type: "DeploymentRequested", actor }] };
}

function asksForTheSame(known: Deployment, command: DeploymentRequest): boolean {
  return (
    runsTheSame(known, command) && known.strategy === command.strategy && known.allowBreaking === command.allowBreaking
  );
}

/** How many instances there are is no part of a version's identity, but changing it is a deployment all the same. */
function runsTheSame(known: Deployment, command: DeploymentRequest): boolean {
  return (
    known.fingerprint === command.fingerprint &&
    known.instances === command.instances &&
    known.concurrency === command.concurrency
  );
}

function abort(deployment: Deployment, state: AgentState, reason: string, now: number, actor: string): Facts {
  if (deployment.state === "Queued" || deployment.state === "Validating") {
    return { ok: true, facts: [{ type: "DeploymentRolledBack", deployment: deployment.deployment, reason }] };
  }
  return takeBack(deployment, state, reason, now, actor);
}

function rollback(deployment: Deployment, state: AgentState, reason: string, now: number, actor: string): Facts {
  if (deployment.state === "Queued" || deployment.state === "Validating") {
    return refuse(
      "not-allowed-now",
      `deployment ${deployment.deployment} is ${deployment.state} and has no version yet; abort it instead`,
    );
  }
  if (deployment.state === "Running") {
    return refuse(
      "nothing-to-roll-back-to",
      `${deployment.version} runs and no earlier version of ${deployment.agent} is kept warm; deploy the earlier artifact again`,
    );
  }
  return takeBack(deployment, state, reason, now, actor);
}

/** The previous version back in and the new one out, in one revision (DESIGN.md, Rollback). */
function takeBack(deployment: Deployment, state: AgentState, reason: string, now: number, actor: string): Facts {
  const { deployment: id, version, plan } = deployment;
  if (deployment.rollbackReason !== undefined) return { ok: true, facts: [] };
  if (deployment.state !== "Deploying" || version === undefined) {
    return refuse(
      "not-allowed-now",
      `deployment ${id} is ${deployment.state}; only one that is Deploying can be taken back`,
    );
  }
  const started = { type: "RollbackStarted", deployment: id, reason, actor } as const;
  if (!state.route.targets.some((target) => target.version === version)) {
    const { revision } = state.route;
    const drain = {
      type: "DrainStarted",
      deployment: id,
      version,
      revision,
      deadlineAtMs: now,
      ending: "RolledBack",
    } as const;
    return { ok: true, facts: [started, drain] };
  }
  const route = shiftRoute(state.route, undefined, 0, versionOf(state, deployment.replaces));
  return { ok: true, facts: [started, { type: "RouteChanged", deployment: id, step: plan.length - 1, ...route }] };
}

function withDeployment(state: AgentState, id: string, decideIt: (deployment: Deployment) => Facts): Facts {
  const deployment = deploymentOf(state, id);
  return deployment === undefined
    ? refuse("unknown-deployment", `no deployment ${id} of ${state.agent ?? "this agent"}`)
    : decideIt(deployment);
}

function refuse(code: RefusalCode, message: string): Facts {
  return { ok: false, code, message };
}
