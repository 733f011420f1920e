import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CaxtonError } from "@caxton/contracts/errors";
import { ListFreezesResponseSchema } from "@caxton/contracts/gen/caxton/v1/meeting_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { commandContext, type GatewayOption, openGateway } from "../context.ts";
import { freezeLines, untilMsOf } from "../format/freeze.ts";
import { wireJson } from "../wire-json.ts";

interface FreezeOptions extends JsonOption, GatewayOption {
  readonly reason?: string;
  readonly until?: string;
}

export function freezeCommand(): Command {
  return gatewayCommand("freeze", "let no new version into traffic: of one agent, or of all", [
    'caxton freeze --reason "year\'s end" --until 2027-01-02T08:00:00Z',
    'caxton freeze quake-watch --reason "audit" --until 2h',
    "caxton freeze                                # shows what is frozen",
  ])
    .argument("[agent]", "its name, or an unambiguous beginning of it; all agents unless given")
    .option("--reason <text>", "why; everybody who is refused is told")
    .option("--until <time|duration>", "when it is over by itself: 2h, 30m or 2027-01-02T08:00:00Z")
    .addHelpText(
      "after",
      "\nWhile it lasts deploy, promote, resume, approve and undeploy are refused (`frozen`), unless they say why all the same with\n--override-freeze. A rollout under way stays at its step. Rollback, abort and pause work as ever.",
    )
    .action(freeze);
}

export function unfreezeCommand(): Command {
  return gatewayCommand("unfreeze", "lift the freeze of one agent, or that of all", [
    "caxton unfreeze",
    'caxton unfreeze quake-watch --reason "the audit is over"',
  ])
    .argument("[agent]", "whose own freeze is lifted; that of all agents unless given")
    .option("--reason <text>", "why; stays in the history")
    .action(unfreeze);
}

async function freeze(agent: string | undefined, options: FreezeOptions): Promise<void> {
  const output = outputOf(options);
  const { reason, until } = options;
  if (reason === undefined && (until !== undefined || agent !== undefined)) {
    throw new CaxtonError("invalid-argument", '--reason "why" is needed; everybody who is refused is told');
  }
  const untilMs = until === undefined ? undefined : untilMsOf(until, Date.now());
  const gateway = await openGateway(options);
  if (reason !== undefined) {
    await gateway.freezeDeployments({
      context: commandContext(reason),
      agent: agent ?? "",
      ...(untilMs === undefined ? {} : { until: timestampFromMs(untilMs) }),
    });
  }
  const found = await gateway.listFreezes();
  output.lines(...freezeLines(found.freezes));
  output.value(wireJson(ListFreezesResponseSchema, found));
}

async function unfreeze(agent: string | undefined, options: FreezeOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  await gateway.unfreezeDeployments({ context: commandContext(options.reason), agent: agent ?? "" });
  const found = await gateway.listFreezes();
  output.lines(
    `${output.style.good("✓")} Lifted: ${agent ?? "the freeze of all agents"}`,
    ...freezeLines(found.freezes),
  );
  output.value(wireJson(ListFreezesResponseSchema, found));
}
