import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import { evolve } from "@caxton/deployment/evolve";
import { type AgentState, initialState } from "@caxton/deployment/state";

/** What an agent is after so many events. */
export interface Folded {
  readonly state: AgentState;
  /** Of the last event folded; -1 before the first. */
  readonly revision: number;
  readonly events: number;
}

export interface StoredFact {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly revision: number;
}

export const nothingFolded: Folded = { state: initialState, revision: -1, events: 0 };

/**
 * One more stored event, read as the domain reads it; a type that came later than this program changes nothing.
 * @throws CaxtonError `internal` where the event is damaged
 */
export function foldEvent(before: Folded, stored: StoredFact): Folded {
  const event = readDeploymentEvent(stored);
  return {
    state: event === undefined ? before.state : evolve(before.state, event),
    revision: stored.revision,
    events: before.events + 1,
  };
}

/** As it is after JSON, which is how a state is served. */
export function asServed(state: AgentState): unknown {
  return JSON.parse(JSON.stringify(state));
}
