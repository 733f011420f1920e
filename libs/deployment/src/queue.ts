import type { AgentState, Deployment } from "./state.ts";

/** One that supersedes is next; everybody else goes to the end. */
export function enqueue(state: AgentState, { deployment, onConflict }: Deployment): AgentState {
  return inOrder(state, onConflict === "supersede" ? [deployment, ...state.queue] : [...state.queue, deployment]);
}

export function leaveQueue(state: AgentState, id: string): AgentState {
  return inOrder(
    state,
    state.queue.filter((waiting) => waiting !== id),
  );
}

/** @param place from 1 */
export function reorder(state: AgentState, id: string, place: number): AgentState {
  if (!state.queue.includes(id)) return state;
  const others = state.queue.filter((waiting) => waiting !== id);
  return inOrder(state, others.toSpliced(place - 1, 0, id));
}

/** Who joins or leaves at the end changes nobody's place. */
function inOrder(state: AgentState, queue: readonly string[]): AgentState {
  const moved = state.queue.some((id, index) => queue.includes(id) && queue[index] !== id);
  return { ...state, queue, queueRevision: state.queueRevision + (moved ? 1 : 0) };
}
