import { startDrain } from "./advance.ts";
import type { AgentRequest, Sender } from "./command.ts";
import type { Fact } from "./event.ts";
import { type Facts, refuse } from "./facts.ts";
import { type Freeze, freezeText } from "./freeze.ts";
import { onItsWay } from "./on-its-way.ts";
import { shiftRoute } from "./route.ts";
import { type AgentState, type Deployment, deploymentOf } from "./state.ts";

/** What people decide about an agent as a whole. */
export function decideAgent(command: AgentRequest & Sender, state: AgentState, freeze: Freeze | undefined): Facts {
  switch (command.type) {
    case "hold":
      return hold(command, state);
    case "release":
      return release(command, state);
    case "undeploy":
      return undeploy(command, state, freeze);
  }
}

function hold({ reason, actor }: AgentRequest & Sender, state: AgentState): Facts {
  if (state.undeploy !== undefined) return refuse("not-allowed-now", `${state.agent} is being undeployed`);
  const deployment = state.active ?? state.rollout;
  if (deployment === undefined) return refuse("not-allowed-now", `no version of ${state.agent} takes messages`);
  if (state.hold !== undefined) return { ok: true, facts: [] };
  return { ok: true, facts: [{ type: "AgentHeld", deployment, revision: state.route.revision + 1, reason, actor }] };
}

function release({ reason, actor }: AgentRequest & Sender, state: AgentState): Facts {
  const { hold: held, route } = state;
  if (held === undefined) return { ok: true, facts: [] };
  const { deployment } = held;
  return { ok: true, facts: [{ type: "AgentReleased", deployment, revision: route.revision + 1, reason, actor }] };
}

function undeploy(
  { inbox, reason, actor, overrideFreeze }: AgentRequest & Sender & { type: "undeploy" },
  state: AgentState,
  freeze: Freeze | undefined,
): Facts {
  const { active, agent, undeploy: underWay } = state;
  if (underWay?.inbox === inbox) return { ok: true, facts: [] };
  if (freeze !== undefined && overrideFreeze === undefined)
    return refuse("frozen", `${freezeText(freeze)}; wait, or say why not with --override-freeze`);
  if (state.rollout !== undefined || state.queue.length > 0) {
    const what = state.rollout === undefined ? `${state.queue.length} deployments of ${agent} wait` : onItsWay(state);
    return refuse("not-allowed-now", `${what}; abort what is on its way and cancel what waits, then undeploy`);
  }
  if (active === undefined) {
    const since = state.undeployed === undefined ? "" : ` since ${new Date(state.undeployed.atMs).toISOString()}`;
    return refuse("not-allowed-now", `no version of ${agent} is deployed${since}`);
  }
  if (state.hold !== undefined && inbox === "drain")
    return refuse("not-allowed-now", `${agent} is held, so its inbox cannot be drained; release it first`);
  if (underWay !== undefined && hasLeft(state))
    return refuse("not-allowed-now", `${agent} is being undeployed already, and takes no more messages`);
  const overriding = freeze === undefined || overrideFreeze === undefined ? {} : { overrideFreeze };
  const started: Fact = { type: "UndeployStarted", deployment: active, inbox, reason, actor, ...overriding };
  // Another way out may be asked for while the inbox is drained, which may take for ever.
  const leaves = underWay?.closedAtMs !== undefined && inbox !== "drain";
  return { ok: true, facts: leaves ? [started, leave(active, state)] : [started] };
}

/** Its version gets no more messages. */
function hasLeft({ route }: AgentState): boolean {
  return route.targets.length === 0;
}

function leave(deployment: string, state: AgentState): Fact {
  const step = (deploymentOf(state, deployment)?.plan.length ?? 1) - 1;
  return { type: "RouteChanged", deployment, step, ...shiftRoute(state.route, undefined, 0, undefined) };
}

/** Nothing new comes into the inbox. */
export function inboxClosed(state: AgentState): readonly Fact[] {
  const { undeploy: underWay } = state;
  if (underWay === undefined || underWay.closedAtMs !== undefined) return [];
  const { deployment, inbox } = underWay;
  const closed: Fact = { type: "InboxClosed", deployment };
  return inbox === "drain" ? [closed] : [closed, leave(deployment, state)];
}

/** Nothing in the inbox is undecided any more. */
export function inboxEmptied(state: AgentState, now: number): readonly Fact[] {
  const { undeploy: underWay } = state;
  if (underWay?.closedAtMs === undefined || underWay.emptiedAtMs !== undefined) return [];
  const { deployment, inbox } = underWay;
  const emptied: Fact = { type: "InboxEmptied", deployment };
  if (inbox === "drain") return [emptied, leave(deployment, state)];
  return inbox === "dead-letter" && hasLeft(state) ? [emptied, ...drainAll(state, now)] : [];
}

/** Every router follows the route to nobody. */
export function leftByAll(state: AgentState, now: number): readonly Fact[] {
  return state.undeploy?.inbox === "dead-letter" || !hasLeft(state) ? [] : drainAll(state, now);
}

/** The version, and the one before where it is still kept warm. */
function drainAll(state: AgentState, now: number): readonly Fact[] {
  const by = deploymentOf(state, state.undeploy?.deployment);
  if (by === undefined) return [];
  const warm = Object.values(state.deployments).filter((one) => one.cleanup !== undefined && one.drain === undefined);
  return [by, ...warm].flatMap((one: Deployment) => startDrain(one, by, "Retired", state, now));
}
