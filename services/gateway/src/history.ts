import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import { agentStream } from "@caxton/contracts/names";
import type { EventStore, RecordedEvent } from "@caxton/event-store/port";
import { type AgentView, emptyView, foldFact } from "./core/agent-view.ts";
import type { Projection } from "./projection.ts";

export interface HistoryRange {
  readonly fromRevision: number;
  /** The last revision wanted; to the end unless given. */
  readonly toRevision?: number;
}

/** An agent's stored events. @throws CaxtonError `unknown-agent`, `store-unavailable`, `cancelled` */
export async function* readHistory(
  store: EventStore,
  agent: string,
  { fromRevision, toRevision = Number.MAX_SAFE_INTEGER }: HistoryRange,
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent> {
  if (toRevision < fromRevision) return;
  try {
    for await (const event of store.read(agentStream(agent), { fromRevision, signal })) {
      if (event.revision > toRevision) return;
      yield event;
      if (event.revision === toRevision) return;
    }
  } catch (error) {
    if (hasCode(error, "stream-not-found"))
      throw new CaxtonError("unknown-agent", `nothing is stored about an agent '${agent}'`);
    throw error;
  }
}

/**
 * As `readHistory`, and then what is stored later, until `signal` aborts. It keeps nothing for a slow reader: it reads again
 * from where it was whenever the projection has moved on.
 */
export async function* followHistory(
  store: EventStore,
  projection: Projection,
  agent: string,
  { fromRevision, toRevision = Number.MAX_SAFE_INTEGER }: HistoryRange,
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent> {
  let next = fromRevision;
  while (next <= toRevision) {
    await projection.changed(agent, next - 1, signal);
    for await (const event of readHistory(store, agent, { fromRevision: next, toRevision }, signal)) {
      next = event.revision + 1;
      yield event;
    }
  }
}

/**
 * An agent as it was after an event, folded from the store.
 * @throws CaxtonError `unknown-agent`, `invalid-argument` where the agent has no such event yet
 */
export async function viewAt(
  store: EventStore,
  agent: string,
  revision: number,
  signal: AbortSignal,
): Promise<AgentView> {
  let view = emptyView(agent);
  for await (const event of readHistory(store, agent, { fromRevision: 0, toRevision: revision }, signal)) {
    view = foldFact(view, event);
  }
  if (view.revision === revision) return view;
  throw new CaxtonError(
    "invalid-argument",
    `agent ${agent} has events up to revision ${view.revision}, not ${revision}`,
  );
}
