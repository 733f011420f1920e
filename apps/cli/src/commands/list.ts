import { AgentSchema, DeploymentSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { agentTable, deploymentTable } from "../format/deployment.ts";
import { wireJson } from "../wire-json.ts";

interface ListOptions extends JsonOption, GatewayOption {
  readonly agent?: string;
  readonly limit: number;
}

export function listCommand(): Command {
  return gatewayCommand("list", "list the agents and their deployments, newest first", [
    "caxton list",
    "caxton list --agent quake-watch --limit 5",
    "caxton list --json | jq '.deployments[0].id'",
  ])
    .option("--agent <name>", "of this agent only")
    .option("--limit <n>", "at most so many deployments", wholeNumber("--limit", 1, 10_000), 100)
    .action(list);
}

async function list(options: ListOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const { agent } = options;
  const [agents, { deployments }] = await Promise.all([
    agent === undefined
      ? gateway.listAgents().then((answer) => answer.agents)
      : gateway.getAgent(agent).then((one) => [one]),
    gateway.listDeployments(agent ?? "", options.limit),
  ]);
  if (deployments.length === 0) output.lines("Nothing was deployed yet. → caxton deploy agent <file.wasm>");
  else output.lines(...agentTable(agents), "", ...deploymentTable(deployments));
  output.value({
    agents: agents.map(({ state: _state, ...shown }) => wireJson(AgentSchema, shown)),
    deployments: deployments.map((deployment) => wireJson(DeploymentSchema, deployment)),
  });
}
