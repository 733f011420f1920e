import { messageLife } from "@caxton/contracts/message-life";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { lifeLines } from "../format/letters.ts";

export interface MessageOptions extends JsonOption, GatewayOption {
  readonly epoch?: string;
}

export const sequenceArgument = wholeNumber("the sequence", 1, Number.MAX_SAFE_INTEGER);
export const epochOption = ["--epoch <epoch>", "of an earlier life of the inbox; of the newest unless given"] as const;

export function messageCommand(): Command {
  return gatewayCommand("message", "tell the whole life of one message", [
    "caxton message quake-watch 17",
    "caxton message quake-watch 17 --json | jq .outputs",
  ])
    .argument("<agent>", "its name, or the beginning of it")
    .argument("<sequence>", "where it stands in the inbox", sequenceArgument)
    .option(...epochOption)
    .action(message);
}

async function message(agent: string, sequence: number, options: MessageOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const answer = await gateway.getMessage(agent, sequence, options.epoch ?? "");
  const life = messageLife.check(answer.message);
  output.lines(...lifeLines(life));
  output.value(life);
}
