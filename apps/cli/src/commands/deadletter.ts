import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CaxtonError } from "@caxton/contracts/errors";
import { ListDeadLettersResponseSchema } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { messageLife } from "@caxton/contracts/message-life";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { commandContext, openGateway } from "../context.ts";
import { CommandFailure } from "../failure.ts";
import { letterTable, lifeLines } from "../format/letters.ts";
import { parseDurationMs, thousands } from "../format/quantity.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import { resendAll, resendSome, type ResendTally } from "../messages/resend.ts";
import { Spinner } from "../spinner.ts";
import { wireJson } from "../wire-json.ts";
import { epochOption, type MessageOptions, sequenceArgument } from "./message.ts";

interface FilterOptions extends MessageOptions {
  readonly code?: string;
  readonly version?: string;
  readonly since?: number;
}

interface ResendOptions extends FilterOptions {
  readonly all?: boolean;
  readonly again?: boolean;
  readonly reason?: string;
}

const agentArgument = ["<agent>", "its name, or the beginning of it"] as const;

export function listCommand(): Command {
  return filtered(
    gatewayCommand("list", "list dead letters, the newest last, and what became of those that were sent again", [
      "caxton deadletter list quake-watch",
      "caxton deadletter list quake-watch --code message-invalid --since 1h",
      "caxton deadletter list quake-watch --version quake-v2 --limit 1000 --json",
    ]).argument(...agentArgument),
  )
    .option("-n, --limit <n>", "at most so many, the newest", wholeNumber("--limit", 1, 1_000), 50)
    .action(list);
}

export function showCommand(): Command {
  return gatewayCommand("show", "show a dead letter: reason, attempts, headers and body", [
    "caxton deadletter show quake-watch 17",
    "caxton deadletter show quake-watch 17 --json | jq -r .bodyBase64 | base64 -d",
  ])
    .argument(...agentArgument)
    .argument("<sequence>", "of the message", sequenceArgument)
    .option(...epochOption)
    .action(show);
}

export function resendCommand(): Command {
  return filtered(
    gatewayCommand("resend", "put dead letters into the agent's inbox again, as new messages that name the old ones", [
      'caxton deadletter resend quake-watch 17 18 --reason "schema corrected"',
      "caxton deadletter resend quake-watch --all --code agent-timeout",
    ])
      .argument(...agentArgument)
      .argument("[sequence...]", "of the messages"),
  )
    .option("--all", "every dead letter that is there now and fits; those sent again before are left out")
    .option("--again", "also those that were sent again before")
    .option("--reason <text>", "why; it is kept with the new message")
    .action(resend);
}

function filtered(command: Command): Command {
  return command
    .option("--code <code>", "with this code only, such as agent-failure")
    .option("--version <id>", "of this version only; the beginning of its id will do")
    .option("--since <time>", "decided at most so long ago, such as 30s, 10m or 2h", parseDurationMs)
    .option("--epoch <epoch>", "of this life of the inbox only");
}

function filterOf(agent: string, { code = "", version = "", since, epoch = "" }: FilterOptions) {
  const instant = since === undefined ? {} : { since: timestampFromMs(Date.now() - since) };
  return { agent, code, version, epoch, ...instant };
}

async function list(agent: string, options: FilterOptions & { readonly limit: number }): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const found = await gateway.listDeadLetters({ ...filterOf(agent, options), limit: options.limit });
  const { letters, total } = found;
  if (letters.length === 0) output.lines(`${found.agent} has no dead letter that fits.`);
  else output.lines(...letterTable(letters));
  if (total > letters.length) {
    output.lines("", `the newest ${thousands(letters.length)} of ${thousands(total)}; --limit shows more`);
  }
  output.value(wireJson(ListDeadLettersResponseSchema, found));
}

async function show(agent: string, sequence: number, options: MessageOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const life = messageLife.check((await gateway.getMessage(agent, sequence, options.epoch ?? "")).message);
  if (life.deadLetter === undefined) {
    throw new CaxtonError(
      "unknown-message",
      `message ${sequence} of ${life.agent} is no dead letter, it is ${life.state}; \`caxton message ${life.agent} ${sequence}\` tells more`,
    );
  }
  output.lines(...lifeLines(life));
  output.value(life);
}

async function resend(agent: string, typed: readonly string[], options: ResendOptions & JsonOption): Promise<void> {
  const output = outputOf(options);
  const sequences = typed.map(sequenceArgument);
  if ((options.all === true) === sequences.length > 0) {
    throw new CaxtonError("invalid-argument", "give sequences, or --all and no sequence");
  }
  const gateway = await openGateway(options);
  const { actor, reason } = commandContext(options.reason);
  const order = { agent, actor, reason, again: options.again === true };
  using ctrlC = new CtrlC();
  let tally: ResendTally;
  {
    using spinner = new Spinner(output, "Sending again");
    const onProgress = (now: ResendTally): void => spinner.say(`Sending again, ${thousands(now.resent)} sent`);
    const watched = { signal: ctrlC.signal, onProgress };
    tally =
      options.all === true
        ? await resendAll(gateway, order, filterOf(agent, options), watched)
        : await resendSome(gateway, order, options.epoch ?? "", sequences, watched);
  }
  for (const { old, as } of tally.already) {
    if (options.all !== true) output.lines(`${old} was already resent as ${as}; --again sends it once more`);
  }
  output.lines(`✓ ${thousands(tally.resent)} sent again${places(tally)}`);
  if (options.all === true && tally.already.length > 0) {
    output.lines(`→ ${thousands(tally.already.length)} were sent again before`);
  }
  const value = { agent, ...tally, first: tally.first ?? null, error: undefined };
  if (tally.error !== undefined) throw new CommandFailure(tally.error, value);
  output.value(value);
  if (ctrlC.signal.aborted) throw new Interrupted("the rest was not sent; the same command goes on from there");
}

function places({ first, last }: ResendTally): string {
  if (first === undefined) return "";
  return first === last ? ` (sequence ${first})` : ` (sequences ${first} to ${last})`;
}
