import type { DeploymentEvent } from "./event.ts";
import { type AgentState, isSettled } from "./state.ts";

type AgentEvent = Extract<
  DeploymentEvent,
  {
    type: "AgentHeld" | "AgentReleased" | "UndeployStarted" | "InboxClosed" | "InboxEmptied" | "AgentUndeployed";
  }
>;

/** The state after a fact about the agent as a whole. */
export function evolveAgent(state: AgentState, event: AgentEvent): AgentState {
  const { atMs, deployment } = event;
  switch (event.type) {
    case "AgentHeld": {
      const { reason, actor, revision } = event;
      return remember(
        { ...state, route: { ...state.route, revision }, hold: { reason, actor, atMs, deployment } },
        event.commandId,
      );
    }
    case "AgentReleased":
      return remember({ ...withoutHold(state), route: { ...state.route, revision: event.revision } }, event.commandId);
    case "UndeployStarted": {
      const { inbox, reason, actor } = event;
      const { closedAtMs } = state.undeploy ?? {};
      const closed = closedAtMs === undefined ? {} : { closedAtMs };
      return remember({ ...state, undeploy: { deployment, inbox, reason, actor, atMs, ...closed } }, event.commandId);
    }
    case "InboxClosed":
      return state.undeploy === undefined ? state : { ...state, undeploy: { ...state.undeploy, closedAtMs: atMs } };
    case "InboxEmptied":
      return state.undeploy === undefined ? state : { ...state, undeploy: { ...state.undeploy, emptiedAtMs: atMs } };
    case "AgentUndeployed": {
      const { undeploy, ...rest } = withoutHold(state);
      const { reason = "", actor = "" } = undeploy ?? {};
      const deployments = boundShadows(state.deployments, atMs);
      return { ...rest, deployments, undeployed: { inbox: event.inbox, reason, actor, atMs } };
    }
  }
}

/** A later version of the agent is another life, and none of theirs. */
function boundShadows(deployments: AgentState["deployments"], undeployedAtMs: number): AgentState["deployments"] {
  const bounded = Object.values(deployments).map((one) =>
    one.strategy === "shadow" && !isSettled(one.state) ? { ...one, undeployedAtMs } : one,
  );
  return Object.fromEntries(bounded.map((one) => [one.deployment, one]));
}

export function remember(state: AgentState, commandId: string): AgentState {
  return { ...state, commands: { ...state.commands, [commandId]: true } };
}

export function withoutUndeployed(state: AgentState): AgentState {
  const { undeployed: _undeployed, ...rest } = state;
  return rest;
}

function withoutHold(state: AgentState): AgentState {
  const { hold: _hold, ...rest } = state;
  return rest;
}
