import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import type { EventMetadata } from "@caxton/contracts/event-envelope";
import { sentTrace, type SentTrace } from "@caxton/contracts/trace-context";
import { evolve } from "@caxton/deployment/evolve";
import { type AgentState, initialState } from "@caxton/deployment/state";

/** Where a deployment came from, so that what follows from it can say so. */
export interface Provenance extends SentTrace {
  readonly correlationId: string;
  readonly lastEventId: string;
}

export interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly metadata: EventMetadata;
  readonly revision: number;
}

/** One agent as folded so far. `revision` is -1 before the first event. */
export interface AgentView {
  readonly state: AgentState;
  readonly revision: number;
  readonly provenance: Readonly<Record<string, Provenance>>;
}

export const emptyView: AgentView = { state: initialState, revision: -1, provenance: {} };

/** The view after one more stored event; one that was seen before changes nothing. */
export function advance(view: AgentView, stored: StoredEvent): AgentView {
  if (stored.revision <= view.revision) return view;
  const event = readDeploymentEvent(stored);
  const { revision } = stored;
  if (event === undefined) return { ...view, revision };
  const { correlationId } = stored.metadata;
  const origin = { correlationId, lastEventId: stored.id, ...sentTrace(stored.metadata) };
  return {
    state: evolve(view.state, event),
    revision,
    provenance: { ...view.provenance, [event.deployment]: origin },
  };
}
