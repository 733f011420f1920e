import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { followFrom } from "../follow-from.ts";
import { OutputText, outputValue } from "../format/outputs.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";

interface OutputsOptions extends JsonOption, GatewayOption {
  readonly follow?: boolean;
  readonly kind?: string;
  readonly last: number;
}

export function outputsCommand(): Command {
  return gatewayCommand("outputs", "print what an agent put into its outbox, and of which message each is", [
    "caxton outputs quake-watch",
    "caxton outputs quake-watch --follow --kind alert",
    "caxton outputs quake-watch --last 1000 --json | jq '.body | fromjson'",
  ])
    .argument("<agent>", "its name, or the beginning of it")
    .option("-f, --follow", "go on with what comes later, until Ctrl-C")
    .option("--kind <kind>", "of this kind only")
    .option("-n, --last <n>", "at most so many of those stored, the newest", wholeNumber("--last", 0, 100_000), 10)
    .addHelpText(
      "after",
      "\nWhat it says to another agent is in that agent's inbox; `caxton message <agent> <sequence>` shows all outputs of one message.",
    )
    .action(outputs);
}

async function outputs(agent: string, options: OutputsOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const { name } = await gateway.getAgent(agent);
  using ctrlC = new CtrlC();
  const signal = AbortSignal.any([ctrlC.signal, output.closed]);
  const { kind = "", last: limit, follow = false } = options;
  const request = { agent: name, kind, limit, follow };
  const entries = follow
    ? followFrom((after) => gateway.readOutputs({ ...request, ...after }, signal), signal)
    : gateway.readOutputs(request, signal);
  const text = new OutputText(output.style);
  let count = 0;
  try {
    for await (const entry of entries) {
      count += 1;
      output.lines(text.line(entry));
      output.value(outputValue(entry));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (count === 0 && !signal.aborted && !output.json) {
    const what = kind === "" ? "nothing" : `nothing of kind '${kind}'`;
    output.note(`${name} has ${what} in its outbox; \`caxton ledger ${name}\` shows what became of its messages`);
  }
  if (ctrlC.signal.aborted) throw new Interrupted();
}
