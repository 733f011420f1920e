import { CaxtonError } from "@caxton/contracts/errors";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { CommandFailure } from "../failure.ts";
import { differenceText, foldLines } from "../format/replay.ts";
import type { Gateway } from "../gateway-client.ts";
import { firstDifference } from "../replay/difference.ts";
import { asServed, foldEvent, type Folded, nothingFolded } from "../replay/fold.ts";

interface ReplayOptions extends JsonOption, GatewayOption {
  readonly to?: number;
}

/** Revisions are 32-bit in the API. */
const revisionMax = 2 ** 31 - 1;

export function replayCommand(): Command {
  return gatewayCommand("replay", "fold an agent's stored events and compare the state with the one that is served", [
    "caxton replay quake-watch",
    "caxton replay quake-watch --to 5",
    "caxton replay quake-watch --json | jq .matches",
  ])
    .argument("<agent>", "its name, or the beginning of it")
    .option("--to <revision>", "the last event to fold; all unless given", wholeNumber("--to", 0, revisionMax))
    .action(replay);
}

async function replay(typed: string, options: ReplayOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const served = await gateway.getAgent(typed, options.to);
  const folded = await fold(gateway, served.name, served.revision);
  const state = asServed(folded.state);
  const difference = firstDifference(state, served.state);
  const result = { agent: served.name, revision: folded.revision, events: folded.events };
  output.lines(...foldLines(folded));
  if (difference === undefined) {
    output.lines(`${output.style.good("✓")} replay matches`);
    output.value({ ...result, matches: true, state });
    return;
  }
  const { path } = difference;
  output.lines(`${output.style.bad("✗")} replay does not match`);
  throw new CommandFailure(
    new CaxtonError("replay-mismatch", `${served.name} at revision ${folded.revision}: ${differenceText(difference)}`, {
      details: { path },
    }),
    { ...result, matches: false, difference, state },
  );
}

/** Reads what is stored, up to the revision that is served, and folds it with the domain's own evolve. */
async function fold(gateway: Gateway, agent: string, toRevision: number): Promise<Folded> {
  let folded = nothingFolded;
  for await (const event of gateway.readEvents({ agent, fromRevision: 0, toRevision })) {
    folded = foldEvent(folded, { ...event, data: event.data ?? {} });
  }
  if (folded.revision === toRevision) return folded;
  throw new CaxtonError(
    "replay-mismatch",
    `${agent} is served at revision ${toRevision}, its stored events end at ${folded.revision}`,
  );
}
