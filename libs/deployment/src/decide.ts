import type { Command, Decision, Policy, Request } from "./command.ts";
import { decideReport } from "./decide-report.ts";
import { decideRequest } from "./decide-request.ts";
import type { DeploymentEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import type { AgentState } from "./state.ts";

/**
 * What a command means in this state: facts to append, none when it changes nothing, or a refusal that says why.
 * `now` is Unix ms. After whatever ends a rollout the first in line starts in the same breath.
 */
export function decide(command: Command, state: AgentState, policy: Policy, now: number): Decision {
  const { commandId } = command;
  if (state.commands[commandId] === true) return { ok: true, events: [] };
  const outcome = isRequest(command) ? decideRequest(command, state, policy, now) : decideReport(command, state, now);
  if (!outcome.ok) return { ok: false, refusal: { code: outcome.code, message: outcome.message } };
  const events: DeploymentEvent[] = outcome.facts.map((fact) => ({ ...fact, atMs: now, commandId }));
  const after = events.reduce(evolve, state);
  const next = after.queue[0];
  if (next !== undefined && after.rollout === undefined) {
    const replaces = after.active === undefined ? {} : { replaces: after.active };
    events.push({ type: "DeploymentStarted", deployment: next, ...replaces, atMs: now, commandId });
  }
  return { ok: true, events };
}

const requests: ReadonlySet<Command["type"]> = new Set<Request["type"]>([
  "deploy",
  "abort",
  "rollback",
  "promote",
  "approve",
  "pause",
  "resume",
  "redrive",
]);

function isRequest(command: Command): command is Extract<Command, Request> {
  return requests.has(command.type);
}
