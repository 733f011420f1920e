import type { Command, Decision, Policy, Request } from "./command.ts";
import { decideReport } from "./decide-report.ts";
import { decideRequest } from "./decide-request.ts";
import type { DeploymentEvent, Fact } from "./event.ts";
import { evolve } from "./evolve.ts";
import { type Freeze, freezeAt, isLetThrough } from "./freeze.ts";
import { type AgentState, deploymentOf } from "./state.ts";

/**
 * What a command means in this state: facts to append, none when it changes nothing, or a refusal that says why.
 * `now` is Unix ms. After whatever ends a rollout the first in line starts in the same breath.
 */
export function decide(command: Command, state: AgentState, policy: Policy, now: number): Decision {
  const { commandId } = command;
  if (state.commands[commandId] === true) return { ok: true, events: [] };
  const freeze = freezeAt(policy, now);
  const outcome = isRequest(command)
    ? decideRequest(command, state, policy, now)
    : decideReport(command, state, freeze, now);
  if (!outcome.ok) return { ok: false, refusal: { code: outcome.code, message: outcome.message } };
  // Its id would not be known from any event.
  if (isRequest(command) && outcome.facts.length === 0) return { ok: true, events: [] };
  const events: DeploymentEvent[] = outcome.facts.map((fact) => ({ ...fact, atMs: now, commandId }));
  const after = events.reduce(evolve, state);
  const started = startNext(after, freeze);
  return { ok: true, events: started === undefined ? events : [...events, { ...started, atMs: now, commandId }] };
}

/** The first in line that nothing keeps. */
function startNext(state: AgentState, freeze: Freeze | undefined): Fact | undefined {
  if (state.rollout !== undefined || state.undeploy !== undefined) return undefined;
  const next = state.queue.find((id) => {
    const waiting = deploymentOf(state, id);
    return waiting !== undefined && isLetThrough(waiting, freeze);
  });
  if (next === undefined) return undefined;
  const replaces = state.active === undefined ? {} : { replaces: state.active };
  return { type: "DeploymentStarted", deployment: next, ...replaces };
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
  "cancel",
  "move",
  "hold",
  "release",
  "undeploy",
]);

function isRequest(command: Command): command is Extract<Command, Request> {
  return requests.has(command.type);
}
