import { GetHistoryResponseSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { historyLines } from "../format/history.ts";
import { wireJson } from "../wire-json.ts";

interface HistoryOptions extends JsonOption, GatewayOption {
  readonly deployment?: string;
  readonly lines?: number;
}

export function historyCommand(): Command {
  return gatewayCommand("history", "list what was asked for and decided about an agent, by whom and why", [
    "caxton history quake-watch",
    "caxton history quake-watch --deployment proc-v2-7f8d9",
    "caxton history quake-watch -n 20 --json",
  ])
    .argument("<agent>", "its name, or an unambiguous beginning of it")
    .option("--deployment <id>", "of this deployment or version only")
    .option("-n, --lines <n>", "the newest so many; 1000 unless given", wholeNumber("--lines", 1, 100_000))
    .action(history);
}

async function history(agent: string, options: HistoryOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const found = await gateway.getHistory({ agent, deploymentId: options.deployment ?? "", limit: options.lines ?? 0 });
  output.lines(...historyLines(found));
  output.value(wireJson(GetHistoryResponseSchema, found));
}
