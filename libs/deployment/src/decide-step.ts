import { advance, promoteFully } from "./advance.ts";
import type { StepRequest } from "./command.ts";
import type { Fact } from "./event.ts";
import { type Facts, refuse } from "./facts.ts";
import { type AgentState, type Deployment, stepOf } from "./state.ts";

/** What people decide about a step that is under way: promote, approve, pause, resume. */
export function decideStep(
  command: StepRequest,
  deployment: Deployment,
  state: AgentState,
  now: number,
  actor: string,
): Facts {
  const refusal = misplaced(command, deployment);
  if (refusal !== undefined) return refusal;
  const { reason } = command;
  const { deployment: id, step, pausedAtMs } = deployment;
  const said = { deployment: id, step, actor, reason };
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

function misplaced(command: StepRequest, deployment: Deployment): Facts | undefined {
  const { deployment: id, state, step, strategy } = deployment;
  const kind = stepOf(deployment)?.kind;
  if (strategy === "direct" || strategy === "blue-green") {
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
