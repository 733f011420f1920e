import type { Fact } from "./event.ts";
import { type Freeze, freezeText, isLetThrough } from "./freeze.ts";
import { type AgentState, deploymentOf } from "./state.ts";

/**
 * What a report leads to while there is a freeze: whatever would bring messages to a new version stays undone, and the
 * rollout says so. What takes messages from one is done.
 */
export function holdBack(facts: readonly Fact[], state: AgentState, freeze: Freeze): readonly Fact[] {
  const at = facts.findIndex(({ type }) => type === "RouteChanged");
  const moved = facts[at];
  if (moved?.type !== "RouteChanged" || facts.some(({ type }) => type === "RollbackStarted")) return facts;
  const deployment = deploymentOf(state, moved.deployment);
  if (deployment?.state !== "Deploying" || isLetThrough(deployment, freeze)) return facts;
  const reason = freezeText(freeze);
  const known = deployment.frozen?.reason === reason && deployment.frozen.next === moved.step;
  const done = facts.slice(0, at).flatMap((fact): readonly Fact[] => {
    if (fact.type !== "VerdictReached") return [fact];
    return known ? [] : [{ ...fact, decision: "hold" }];
  });
  if (known) return done;
  const { deployment: id, step } = deployment;
  return [...done, { type: "RolloutFrozen", deployment: id, step, next: moved.step, reason }];
}
