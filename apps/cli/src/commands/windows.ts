import { checker } from "@caxton/contracts/schema";
import { Windows } from "@caxton/contracts/windows";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { windowsLines } from "../format/account.ts";
import { parseDurationMs } from "../format/quantity.ts";

interface WindowsOptions extends JsonOption, GatewayOption {
  readonly window?: number;
}

const windowsSchema = checker("the windows", Windows);

export function windowsCommand(): Command {
  return gatewayCommand("windows", "show how the agent's versions have been doing lately", [
    "caxton windows quake-watch",
    "caxton windows quake-watch --window 5m --json",
  ])
    .argument("<agent>", "its name, or the beginning of it")
    .option("--window <time>", "how far back, 250ms to 5m; 60s unless given", parseDurationMs)
    .action(windows);
}

async function windows(agent: string, options: WindowsOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const found = windowsSchema.check((await gateway.getWindows(agent, options.window)).windows);
  output.lines(...windowsLines(found));
  output.value(found);
}
