import { ExplainDeploymentResponseSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { explainLines } from "../format/explain.ts";
import { wireJson } from "../wire-json.ts";

export function explainCommand(): Command {
  return gatewayCommand("explain", "tell why a deployment went as it did, and what became of its messages", [
    "caxton explain proc-v2-7f8d9",
    "caxton explain 0198c0de --json",
  ])
    .argument("<deployment|version>", "an id, or an unambiguous abbreviation of it")
    .action(async (id: string, options: JsonOption & GatewayOption) => {
      const output = outputOf(options);
      const gateway = await openGateway(options);
      const explained = await gateway.explainDeployment(id);
      output.lines(...explainLines(explained, output.style));
      output.value(wireJson(ExplainDeploymentResponseSchema, explained));
    });
}
