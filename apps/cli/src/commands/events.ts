import { StoredEventSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { followEvents } from "../follow-events.ts";
import { eventLine } from "../format/event.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import { wireJson } from "../wire-json.ts";

interface EventsOptions extends JsonOption, GatewayOption {
  readonly from: number;
  readonly to?: number;
  readonly follow?: boolean;
}

/** Revisions are 32-bit in the API. */
const revisionMax = 2 ** 31 - 1;

export function eventsCommand(): Command {
  return gatewayCommand("events", "print what is stored about an agent, in order", [
    "caxton events quake-watch",
    "caxton events quake-watch --from 10 --to 20",
    "caxton events quake-watch --follow --json",
  ])
    .argument("<agent>", "its name, or the beginning of it")
    .option("--from <revision>", "the first one wanted", wholeNumber("--from", 0, revisionMax), 0)
    .option("--to <revision>", "the last one wanted", wholeNumber("--to", 0, revisionMax))
    .option("-f, --follow", "go on with what is stored later, until Ctrl-C")
    .action(events);
}

async function events(agent: string, options: EventsOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  using ctrlC = new CtrlC();
  const signal = AbortSignal.any([ctrlC.signal, output.closed]);
  const range = { fromRevision: options.from, ...(options.to === undefined ? {} : { toRevision: options.to }) };
  const stored =
    options.follow === true
      ? // Asked for once, so that a gateway that was never there is no reason to wait for it.
        followEvents(gateway, (await gateway.getAgent(agent)).name, { ...range, signal })
      : gateway.readEvents({ agent, ...range }, signal);
  try {
    for await (const event of stored) {
      output.lines(eventLine(event));
      output.value(wireJson(StoredEventSchema, event));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (ctrlC.signal.aborted) throw new Interrupted();
}
