import type { DeploymentEvent } from "@caxton/deployment/event";
import type { Verdict } from "@caxton/deployment/judging";
import { type AgentState, deploymentOf } from "@caxton/deployment/state";
import { type Transition, transitionOf, transitions } from "./transitions.ts";

/** What one log line says of a deployment: where it is, and what was found and decided, if that is what the line is about. */
export interface DeploymentLine extends Transition {
  readonly event: "transition" | "verdict";
  readonly verdict?: Verdict;
  readonly decision?: string;
}

/** A line for each verdict, about the share that it judges, and one for each step and state that a deployment came to. */
export function deploymentLines(
  events: readonly DeploymentEvent[],
  before: AgentState,
  after: AgentState,
): readonly DeploymentLine[] {
  const judged = events.flatMap((event) => (event.type === "VerdictReached" ? [event] : []));
  const verdicts = judged.flatMap(({ deployment, verdict, decision }): readonly DeploymentLine[] => {
    const at = transitionOf(before, deployment);
    return at === undefined ? [] : [{ event: "verdict", ...at, verdict, decision }];
  });
  const moves = transitions(before, after).map((transition): DeploymentLine => {
    const { deployment } = transition;
    const because = judged.findLast((event) => event.deployment === deployment);
    // Where a person decided it, what was known of the step that is over.
    const verdict = because?.verdict ?? deploymentOf(before, deployment)?.watch?.verdict;
    return { event: "transition", ...transition, ...(verdict === undefined ? {} : { verdict }) };
  });
  return [...verdicts, ...moves];
}
