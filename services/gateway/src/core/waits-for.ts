import { type Freeze, freezeText } from "@caxton/deployment/freeze";
import { onItsWay } from "@caxton/deployment/on-its-way";
import type { AgentState } from "@caxton/deployment/state";

/** What those that wait wait for, in words; empty where nobody does. */
export function waitsFor(state: AgentState, freezes: readonly Freeze[]): string {
  if (state.queue.length === 0) return "";
  const [freeze] = freezes;
  return state.rollout === undefined && freeze !== undefined ? freezeText(freeze) : onItsWay(state);
}
