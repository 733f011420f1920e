import { CommandEntrySchema } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { followFrom } from "../follow-from.ts";
import { commandLine } from "../format/command-entry.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import { wireJson } from "../wire-json.ts";

interface CommandsOptions extends JsonOption, GatewayOption {
  readonly refused?: boolean;
  readonly agent?: string;
  readonly principal?: string;
  readonly follow?: boolean;
  readonly limit: number;
}

export function commandsCommand(): Command {
  return gatewayCommand("commands", "list what was asked for on the bus, by whom, and what was answered", [
    "caxton commands",
    "caxton commands --refused --follow",
    "caxton commands --agent quake-watch --principal ci --json",
  ])
    .option("--refused", "only those that were refused")
    .option("--agent <agent>", "for this agent only; the beginning of its name will do, and it need not exist")
    .option("--principal <principal>", "sent by this principal only; what the CLI asks for is sent by `gateway`")
    .option("-f, --follow", "go on with what is answered later, until Ctrl-C")
    .option("-n, --limit <n>", "at most so many of the stored ones, the newest", wholeNumber("--limit", 0, 10_000), 50)
    .action(commands);
}

async function commands(options: CommandsOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  using ctrlC = new CtrlC();
  const signal = AbortSignal.any([ctrlC.signal, output.closed]);
  const { refused = false, agent = "", principal = "", limit, follow = false } = options;
  const request = { refused, agent, principal, limit };
  const entries = follow
    ? followFrom((after) => gateway.listCommands({ ...request, ...after, follow }, signal), signal)
    : gateway.listCommands(request, signal);
  let count = 0;
  try {
    for await (const entry of entries) {
      count += 1;
      output.lines(commandLine(entry, output.style));
      output.value(wireJson(CommandEntrySchema, entry));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (count === 0 && !signal.aborted && !output.json) output.note("no command that fits; 7 days are kept");
  if (ctrlC.signal.aborted) throw new Interrupted();
}
