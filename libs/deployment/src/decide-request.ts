import type { Policy, Request, Sender } from "./command.ts";
import { decideAgent } from "./decide-agent.ts";
import { decideQueue, supersede } from "./decide-queue.ts";
import { deployShadow, shadowMs, stopShadow } from "./decide-shadow.ts";
import { decideStep } from "./decide-step.ts";
import type { Fact } from "./event.ts";
import { type Facts, refuse } from "./facts.ts";
import { decideRedrive } from "./decide-redrive.ts";
import { freezeAt, freezeText } from "./freeze.ts";
import { onItsWay } from "./on-its-way.ts";
import { sameValue } from "./same-value.ts";
import { type AgentState, type Deployment, type DeploymentRequest, deploymentOf } from "./state.ts";
import { planProblem } from "./strategy.ts";
import { rollback, takeBack, type TakingBack } from "./take-back.ts";

export function decideRequest(command: Request & Sender, state: AgentState, policy: Policy, now: number): Facts {
  const { actor, askedAtMs = now } = command;
  switch (command.type) {
    case "deploy":
      return deploy(command, state, policy, now);
    case "abort":
    case "rollback": {
      const why = { reason: command.reason, actor, cause: "manual", sinceMs: askedAtMs };
      const act = command.type === "abort" ? abort : rollback;
      return withDeployment(state, command.deployment, (deployment) => act(deployment, state, why, now));
    }
    case "redrive":
      return withDeployment(state, command.deployment, (deployment) =>
        decideRedrive(command, deployment, state, actor),
      );
    case "hold":
    case "release":
    case "undeploy":
      return decideAgent(command, state, freezeAt(policy, now));
    case "cancel":
    case "move":
      return withDeployment(state, command.deployment, (deployment) => decideQueue(command, deployment, state, actor));
    case "promote":
    case "approve":
    case "pause":
    case "resume":
      return withDeployment(state, command.deployment, (deployment) =>
        decideStep(command, deployment, state, freezeAt(policy, now), now),
      );
  }
}

function deploy(command: Request & Sender & { type: "deploy" }, state: AgentState, policy: Policy, now: number): Facts {
  const known = deploymentOf(state, command.deployment);
  if (known !== undefined) {
    if (asksForTheSame(known, command)) return { ok: true, facts: [] };
    const what =
      "another artifact, configuration, limits, instances, concurrency, strategy, steps, rules, comparison or leave to break the contract";
    return refuse(
      "deployment-exists",
      `deployment ${command.deployment} was already asked for with ${what}; choose a new id`,
    );
  }
  const problem = planProblem(command.plan);
  if (problem !== undefined) return refuse("invalid-argument", problem);
  const freeze = freezeAt(policy, now);
  if (freeze !== undefined && command.overrideFreeze === undefined)
    return refuse("frozen", `${freezeText(freeze)}; wait, or say why not with --override-freeze`);
  const { askedAtMs = now, actor, overrideFreeze, keptMs, ...asked } = command;
  const overriding = freeze === undefined || overrideFreeze === undefined ? {} : { overrideFreeze };
  if (command.strategy === "shadow") return deployShadow({ ...asked, ...overriding }, state, { actor, keptMs });
  if (shadowMs(command.plan) !== undefined)
    return refuse("invalid-argument", `a plan with 'shadow' is of strategy shadow, not ${command.strategy}`);
  const active = deploymentOf(state, state.active);
  const idle = state.rollout === undefined && state.queue.length === 0 && state.undeploy === undefined;
  if (idle && active !== undefined && runsTheSame(active, command)) {
    return refuse(
      "already-active",
      `${command.agent} already runs this artifact with this configuration, limits, instances and concurrency as ${active.version}; nothing to do`,
    );
  }
  if (command.experiment !== undefined) {
    const refusal = incomparable(command, idle && active === undefined);
    if (refusal !== undefined) return refusal;
  }
  if (!idle && command.onConflict === "reject") {
    return refuse(
      "deployment-conflict",
      `${onItsWay(state)}; this deployment was to be rejected then, wait or leave --on-conflict reject out`,
    );
  }
  if (!idle && state.queue.length >= policy.maxQueued) {
    return refuse(
      "queue-full",
      `${state.queue.length} deployments of ${command.agent} wait already, at most ${policy.maxQueued} may; wait or abort one`,
    );
  }
  const requested: Fact = { ...asked, ...overriding, type: "DeploymentRequested", actor };
  if (command.onConflict !== "supersede") return { ok: true, facts: [requested] };
  const reason = `superseded by deployment ${command.deployment}`;
  return { ok: true, facts: [requested, ...supersede(state, { reason, actor, sinceMs: askedAtMs }, now)] };
}

/** A test is counted out of stored outcomes, so that whoever counts may be restarted: all of its time has to be there. */
function incomparable(
  { agent, plan, keptMs = Infinity }: DeploymentRequest & { readonly keptMs?: number },
  isAlone: boolean,
): Facts | undefined {
  if (isAlone) {
    return refuse(
      "no-live-version",
      `an A/B test compares with the live version, and ${agent} has none; deploy one first, with --strategy direct`,
    );
  }
  const share = plan.find((step) => step.kind === "shift");
  const durationMs = share?.watchMs ?? 0;
  if (durationMs <= keptMs) return undefined;
  return refuse(
    "kept-too-short",
    `an A/B test of ${durationMs} ms is counted out of outcomes, ${agent}'s are kept for ${keptMs} ms: make it shorter, or keep them longer (CAXTON_OUTCOME_RETENTION_MS)`,
  );
}

function asksForTheSame(known: Deployment, command: DeploymentRequest): boolean {
  return (
    runsTheSame(known, command) &&
    known.strategy === command.strategy &&
    known.allowBreaking === command.allowBreaking &&
    sameValue(known.plan, command.plan) &&
    sameValue(known.judging, command.judging) &&
    sameValue(known.shadow, command.shadow) &&
    sameValue(known.experiment, command.experiment)
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

function abort(deployment: Deployment, state: AgentState, why: TakingBack, now: number): Facts {
  if (deployment.state === "Queued" || deployment.state === "Validating") {
    const { reason } = why;
    return { ok: true, facts: [{ type: "DeploymentRolledBack", deployment: deployment.deployment, reason }] };
  }
  if (deployment.strategy === "shadow") return stopShadow(deployment, why.actor, why.reason);
  return takeBack(deployment, state, why, now);
}

function withDeployment(state: AgentState, id: string, decideIt: (deployment: Deployment) => Facts): Facts {
  const deployment = deploymentOf(state, id);
  return deployment === undefined
    ? refuse("unknown-deployment", `no deployment ${id} of ${state.agent ?? "this agent"}`)
    : decideIt(deployment);
}
