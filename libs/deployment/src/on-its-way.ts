import { type AgentState, type Deployment, deploymentOf, stepOf } from "./state.ts";

/** What keeps those that wait waiting, for people: `proc-v3-4f1c2 is on its way (canary 25 %)`. */
export function onItsWay(state: AgentState): string {
  const running = deploymentOf(state, state.rollout);
  if (running === undefined && state.undeploy !== undefined) return `${state.agent} is being undeployed`;
  if (running === undefined) return `${state.queue.length} wait already`;
  return `${running.version ?? `deployment ${running.deployment}`} is on its way (${whereItIs(running)})`;
}

function whereItIs(deployment: Deployment): string {
  if (deployment.rollbackReason !== undefined) return "being taken back";
  const step = stepOf(deployment);
  if (deployment.state !== "Deploying" || step === undefined) return deployment.state.toLowerCase();
  if (step.kind === "approve") return `${deployment.strategy}, waits for an approval`;
  if (step.kind !== "shift") return step.kind;
  return `${deployment.strategy} ${Number((step.share * 100).toPrecision(3))} %`;
}
