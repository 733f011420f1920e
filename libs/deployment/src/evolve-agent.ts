import type { DeploymentEvent } from "./event.ts";
import type { AgentState } from "./state.ts";

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
      return { ...rest, undeployed: { inbox: event.inbox, reason, actor, atMs } };
    }
  }
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
