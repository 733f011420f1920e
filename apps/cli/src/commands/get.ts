import {
  type Agent,
  AgentSchema,
  type Deployment,
  DeploymentSchema,
} from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { retention } from "@caxton/contracts/retention";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { findTarget } from "../find-target.ts";
import { followEvents } from "../follow-events.ts";
import { agentLines, deploymentLines } from "../format/deployment.ts";
import { retentionLines } from "../format/retention.ts";
import type { Gateway } from "../gateway-client.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import type { Output } from "../output.ts";
import { watchRollout } from "../watch-rollout.ts";
import { changeTo } from "../watched-json.ts";
import { wireJson } from "../wire-json.ts";

interface GetOptions extends JsonOption, GatewayOption {
  readonly watch?: boolean;
}

export function getCommand(): Command {
  return gatewayCommand("get", "show a deployment, a version or an agent", [
    "caxton get proc-v2-7f8d9",
    "caxton get quake-watch                                      # with what is kept of it, and why",
    "caxton get quake-watch --json | jq .retention.outcomes.kept",
    "caxton get -w 0198c0de     # the beginning or the end of an id will do",
  ])
    .argument("<id>", "of a deployment or version, or an agent's name; an unambiguous abbreviation will do")
    .option("-w, --watch", "go on: until the deployment has ended, for an agent until Ctrl-C")
    .action(get);
}

async function get(id: string, options: GetOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const target = await findTarget(gateway, id);
  if (target.kind === "agent") {
    await showAgent(gateway, target.agent, output);
    if (options.watch === true) await watchAgent(gateway, target.agent, output);
    return;
  }
  if (options.watch === true) {
    await watchDeployment(gateway, target.deployment, output);
    return;
  }
  output.lines(...deploymentLines(target.deployment));
  output.value(wireJson(DeploymentSchema, target.deployment));
}

/** The agent, what makes its active version what it is, and what is kept of it and why. */
async function showAgent(gateway: Gateway, agent: Agent, output: Output): Promise<void> {
  const [active, answer] = await Promise.all([
    agent.activeVersion === "" ? undefined : gateway.getDeployment(agent.activeVersion),
    gateway.getRetention(agent.name),
  ]);
  const kept = retention.check(answer.retention);
  output.lines(...agentLines(agent, active, kept), "", ...retentionLines(kept, output.style));
  output.value({
    ...wireJson(AgentSchema, agent),
    ...(active === undefined ? {} : { active: wireJson(DeploymentSchema, active) }),
    retention: kept,
  });
}

async function watchAgent(gateway: Gateway, shown: Agent, output: Output): Promise<void> {
  using ctrlC = new CtrlC();
  let { revision } = shown;
  const signal = AbortSignal.any([ctrlC.signal, output.closed]);
  for await (const event of followEvents(gateway, shown.name, { fromRevision: revision + 1, signal })) {
    if (event.revision <= revision) continue;
    const agent = await gateway.getAgent(shown.name);
    ({ revision } = agent);
    output.lines("");
    await showAgent(gateway, agent, output);
  }
  if (ctrlC.signal.aborted) throw new Interrupted();
}

async function watchDeployment(gateway: Gateway, shown: Deployment, output: Output): Promise<void> {
  using ctrlC = new CtrlC();
  const signal = AbortSignal.any([ctrlC.signal, output.closed]);
  const tell = (deployment: Deployment): void =>
    output.value({ type: "deployment", deployment: wireJson(DeploymentSchema, deployment) });
  tell(shown);
  const ended = await watchRollout(gateway, shown.id, output, { signal, onChange: changeTo(output) });
  if (ctrlC.signal.aborted) throw new Interrupted(isUnderWay(shown) ? "it goes on without you" : "");
  if (ended !== undefined) tell(ended);
}

function isUnderWay({ state }: Deployment): boolean {
  return ["Queued", "Validating", "Deploying", "Draining"].includes(state);
}
