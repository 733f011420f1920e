import { advance, promoteFully } from "./advance.ts";
import type { Sender, StepRequest } from "./command.ts";
import type { Fact } from "./event.ts";
import { type Facts, refuse } from "./facts.ts";
import { type Freeze, freezeText, isLetThrough } from "./freeze.ts";
import { type AgentState, type Deployment, stepOf } from "./state.ts";

/** What people decide about a step that is under way: promote, approve, pause, resume. */
export function decideStep(
  command: StepRequest & Sender,
  deployment: Deployment,
  state: AgentState,
  freeze: Freeze | undefined,
  now: number,
): Facts {
  const { actor } = command;
  const refusal = misplaced(command, deployment) ?? frozen(command, deployment, freeze);
  if (refusal !== undefined) return refusal;
  const { reason, overrideFreeze } = command;
  const { deployment: id, step, pausedAtMs } = deployment;
  const said = {
    deployment: id,
    step,
    actor,
    reason,
    ...(freeze === undefined || overrideFreeze === undefined ? {} : { overrideFreeze }),
  };
  switch (command.type) {
    case "promote": {
      const facts = command.full ? promoteFully(deployment, state, now) : advance(deployment, state, now);
      return ok({ type: "CanaryPromoted", ...said, full: command.full }, ...facts);
    }
    case "approve":
      return ok({ type: "StepApproved", ...said }, ...advance(deployment, state, now));
    case "pause":
      return pausedAtMs === undefined ? ok({ type: "RolloutPaused", ...said }) : ok();
    case "resume":
      return pausedAtMs === undefined ? ok() : ok({ type: "RolloutResumed", ...said });
  }
}

/** It completes when the routers follow, and not before. */
function hasAllSoon(deployment: Deployment): boolean {
  const step = stepOf(deployment);
  return step?.kind === "shift" && step.share === 1 && deployment.watch === undefined;
}

function ok(...facts: readonly Fact[]): Facts {
  return { ok: true, facts };
}

/** In a freeze a rollout may be kept where it is, and taken back, but goes no further. */
function frozen(command: StepRequest, deployment: Deployment, freeze: Freeze | undefined): Facts | undefined {
  if (freeze === undefined || command.type === "pause" || command.overrideFreeze !== undefined) return undefined;
  if (isLetThrough(deployment, freeze)) return undefined;
  return refuse("frozen", `${freezeText(freeze)}; wait, or say why not with --override-freeze`);
}

function misplaced(command: StepRequest, deployment: Deployment): Facts | undefined {
  const { deployment: id, state, step, strategy } = deployment;
  const kind = stepOf(deployment)?.kind;
  if (strategy !== "canary" && strategy !== "ab") {
    return refuse("not-allowed-now", `deployment ${id} is ${strategy}: it has no steps to ${command.type}`);
  }
  if (state !== "Deploying" || (kind !== "shift" && kind !== "approve")) {
    const doing = state === "Deploying" ? "still starting its version" : state;
    return refuse(
      "not-allowed-now",
      `deployment ${id} is ${doing}; ${command.type} takes one on its way through its steps`,
    );
  }
  if (command.step !== undefined && command.step !== step) {
    const meant = `${command.type} means step ${command.step + 1} of deployment ${id}`;
    return refuse("stale-step", `${meant}, which is at step ${step + 1} of ${deployment.plan.length}`);
  }
  if (command.type === "promote" && hasAllSoon(deployment)) {
    return refuse(
      "not-allowed-now",
      `deployment ${id} is getting all messages already; it runs once every router follows`,
    );
  }
  if (command.type === "approve" && kind !== "approve") {
    return refuse(
      "not-allowed-now",
      `deployment ${id} waits for no approval: step ${step + 1} is a share; promote it instead`,
    );
  }
  if (command.type === "pause" && kind === "approve") {
    return refuse("not-allowed-now", `deployment ${id} waits for an approval already, it goes no further by itself`);
  }
  return undefined;
}
