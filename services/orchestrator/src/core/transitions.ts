import { type AgentState, type Deployment, stepOf } from "@caxton/deployment/state";

/** What changed about a deployment, in the ADR's words for log lines. */
export interface Transition {
  readonly deployment: string;
  /** Empty before validation has passed. */
  readonly version: string;
  /** The state in lower case; the strategy's name while it shifts traffic (`canary`). */
  readonly stage: string;
  /** Percent of the agent's messages that its version gets. */
  readonly percentage: number;
}

/** The deployments whose stage or percentage is another afterwards. */
export function transitions(before: AgentState, after: AgentState): readonly Transition[] {
  return Object.values(after.deployments).flatMap((deployment) => {
    const now = transitionOf(after, deployment);
    const earlier = before.deployments[deployment.deployment];
    const then = earlier === undefined ? undefined : transitionOf(before, earlier);
    return then?.stage === now.stage && then.percentage === now.percentage ? [] : [now];
  });
}

function transitionOf({ route }: AgentState, deployment: Deployment): Transition {
  const { version = "", state, strategy } = deployment;
  const shifts = state === "Deploying" && strategy !== "direct" && stepOf(deployment)?.kind === "shift";
  const share = route.targets.find((target) => target.version === version)?.share ?? 0;
  return {
    deployment: deployment.deployment,
    version,
    stage: shifts ? strategy : state.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase(),
    percentage: Number((share * 100).toFixed(2)),
  };
}
