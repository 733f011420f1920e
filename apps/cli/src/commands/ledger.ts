import { ledgerSchema } from "@caxton/contracts/ledger";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { ledgerLines } from "../format/account.ts";

export function ledgerCommand(): Command {
  return gatewayCommand("ledger", "account for every message that the agent's inbox accepted", [
    "caxton ledger quake-watch",
    "caxton ledger quake-watch --json | jq .pending",
  ])
    .argument("<agent>", "its name, or the beginning of it")
    .action(ledger);
}

async function ledger(agent: string, options: JsonOption & GatewayOption): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const found = ledgerSchema.check((await gateway.getLedger(agent)).ledger);
  output.lines(...ledgerLines(found));
  output.value(found);
}
