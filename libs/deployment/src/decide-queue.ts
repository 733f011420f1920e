import type { QueueRequest } from "./command.ts";
import type { Fact } from "./event.ts";
import { type Facts, refuse } from "./facts.ts";
import { type AgentState, type Deployment, deploymentOf } from "./state.ts";
import { takeBack, type TakingBack } from "./take-back.ts";

/** What people decide about one that waits. */
export function decideQueue(command: QueueRequest, deployment: Deployment, state: AgentState, actor: string): Facts {
  const { deployment: id } = deployment;
  const { reason } = command;
  const from = state.queue.indexOf(id) + 1;
  if (from === 0) {
    return refuse(
      "not-allowed-now",
      `deployment ${id} is ${deployment.state}; ${command.type} takes one that waits${command.type === "cancel" ? ", abort it instead" : ""}`,
    );
  }
  if (command.type === "cancel")
    return { ok: true, facts: [{ type: "DeploymentRolledBack", deployment: id, reason, cause: "cancelled" }] };
  const { place: to, queueRevision = state.queueRevision } = command;
  if (queueRevision !== state.queueRevision) {
    return refuse(
      "stale-queue",
      `the line has changed since revision ${queueRevision}, it is at ${state.queueRevision} and deployment ${id} at place ${from} of ${state.queue.length}; look at it and move again`,
    );
  }
  if (!(Number.isInteger(to) && to >= 1 && to <= state.queue.length)) {
    return refuse("invalid-argument", `there is no place ${to}: ${state.queue.length} wait, places are 1 to that`);
  }
  return { ok: true, facts: from === to ? [] : [{ type: "QueueReordered", deployment: id, from, to, actor, reason }] };
}

/** The one on its way is taken back, whatever its step; one that goes back already goes on doing so. */
export function supersede(state: AgentState, why: Omit<TakingBack, "cause">, now: number): readonly Fact[] {
  const running = deploymentOf(state, state.rollout);
  if (running === undefined || running.rollbackReason !== undefined) return [];
  const cause = "superseded";
  if (running.version === undefined)
    return [{ type: "DeploymentRolledBack", deployment: running.deployment, reason: why.reason, cause }];
  const back = takeBack(running, state, { ...why, cause }, now);
  return back.ok ? back.facts : [];
}
