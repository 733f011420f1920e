import { type AgentState, type Deployment, deploymentOf, stepOf } from "@caxton/deployment/state";

/** What changed about a deployment, in the ADR's words for log lines. */
export interface Transition {
  readonly deployment: string;
  /** Its id; known once validation has passed. */
  readonly version?: string;
  /** The state in lower case; the strategy's name while it shifts traffic (`canary`). */
  readonly stage: string;
  /** Percent of the agent's messages that its version gets. */
  readonly percentage: number;
  /** While it goes through its shares. */
  readonly isOnTrial: boolean;
}

/** The deployments whose stage is another afterwards, or the share of one on its way; what that leaves to others says nothing new. */
export function transitions(before: AgentState, after: AgentState): readonly Transition[] {
  return Object.values(after.deployments).flatMap(({ deployment: id, state }) => {
    const now = transitionOf(after, id);
    const then = transitionOf(before, id);
    const isShifted = state === "Deploying" && now?.percentage !== then?.percentage;
    return now !== undefined && (now.stage !== then?.stage || isShifted) ? [now] : [];
  });
}

/** Where a deployment is; undefined for one that is not there yet. */
export function transitionOf(agent: AgentState, id: string): Transition | undefined {
  const deployment = deploymentOf(agent, id);
  if (deployment === undefined) return undefined;
  const { version, state, strategy } = deployment;
  const isOnTrial = isTried(deployment);
  const share = agent.route.targets.find((target) => target.version === version)?.share ?? 0;
  return {
    deployment: id,
    ...(version === undefined ? {} : { version }),
    stage: isOnTrial ? strategy : state.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase(),
    percentage: Number((share * 100).toFixed(2)),
    isOnTrial,
  };
}

function isTried(deployment: Deployment): boolean {
  const kind = stepOf(deployment)?.kind;
  const isShifting = deployment.state === "Deploying" && (kind === "shift" || kind === "approve" || kind === "shadow");
  return isShifting && deployment.strategy !== "direct";
}
