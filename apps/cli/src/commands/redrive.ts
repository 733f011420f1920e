import { setTimeout as delay } from "node:timers/promises";
import { CaxtonError } from "@caxton/contracts/errors";
import {
  type RedrivableSummary,
  RedrivableSchema,
  RedrivableSummarySchema,
  type RedriveProgress,
  RedriveProgressSchema,
} from "@caxton/contracts/gen/caxton/v1/redrive_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { commandContext, type GatewayOption, openGateway } from "../context.ts";
import { endLines, progressLine, redrivableHead, redrivableLine, summaryLines } from "../format/redrive.ts";
import type { Gateway } from "../gateway-client.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import type { Output } from "../output.ts";
import { isPassing, Patience } from "../patience.ts";
import { Spinner } from "../spinner.ts";
import { wireJson } from "../wire-json.ts";

interface RedriveOptions extends JsonOption, GatewayOption {
  readonly dryRun?: boolean;
  readonly failedOnly?: boolean;
  readonly limit?: number;
  readonly reason?: string;
  readonly stop?: boolean;
}

export function redriveCommand(): Command {
  return gatewayCommand("redrive", "have what a version that was taken back handled or failed handled again", [
    "caxton redrive proc-v2-7f8d9 --dry-run",
    'caxton redrive proc-v2-7f8d9 --reason "v2 rounded all amounts down"',
    "caxton redrive proc-v2-7f8d9 --failed-only --limit 100",
    "caxton redrive proc-v2-7f8d9 --dry-run --json | jq -r 'select(.sequence) | .sequence'",
  ])
    .argument("<deployment|version>", "one that was rolled back: an id, or an unambiguous abbreviation of it")
    .option("--dry-run", "only list the messages, with what was said about them, and what would become of them")
    .option("--failed-only", "only those that ended as dead letters")
    .option("-n, --limit <n>", "at most so many, the oldest", wholeNumber("--limit", 1, 2 ** 31 - 1))
    .option("--reason <text>", "why; it is kept with the new messages and in the history")
    .option("--stop", "end the redrive that is under way; what it did stays done")
    .addHelpText(
      "after",
      "\nThe messages go into the agent's inbox again, as new ones that name the old; the version that is live handles them.\nWhat the old one had said stays said. Ctrl-C only stops watching: a redrive goes on by itself, also when services\nare killed, and the same command goes on behind what is done already.",
    )
    .action(redrive);
}

async function redrive(typed: string, options: RedriveOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  using ctrlC = new CtrlC();
  if (options.stop === true) {
    await stop(gateway, typed, options, output);
    return;
  }
  const summary = await survey(gateway, typed, options, output, ctrlC.signal);
  output.lines(...summaryLines(summary, output.style, options.limit));
  if (options.dryRun === true) {
    output.value({ summary: wireJson(RedrivableSummarySchema, summary) });
    if (summary.due > 0) output.lines(`→ Do it: caxton redrive ${summary.version}`);
    return;
  }
  if (summary.due === 0 && summary.going === 0) throw nothingToDo(summary);
  const { failedOnly = false, limit } = options;
  const scope = { failedOnly, ...(limit === undefined ? {} : { limit }) };
  const id = summary.deploymentId;
  const { number } = await gateway.redriveDeployment({
    context: commandContext(options.reason),
    deploymentId: id,
    ...scope,
  });
  const end = await watch(
    gateway,
    { deploymentId: id, number },
    Math.min(summary.due, limit ?? Infinity),
    output,
    ctrlC.signal,
  );
  output.lines(...endLines(end, summary, output.style));
  output.value({ summary: wireJson(RedrivableSummarySchema, summary), redrive: wireJson(RedriveProgressSchema, end) });
}

async function stop(gateway: Gateway, typed: string, { reason }: RedriveOptions, output: Output): Promise<void> {
  const { deploymentId, agent, number } = await gateway.redriveDeployment({
    context: commandContext(reason),
    deploymentId: typed,
    stop: true,
  });
  output.lines(
    `${output.style.good("✓")} Redrive ${number} of ${typed} (${agent}) stopped; what it did stays done`,
    `→ Go on: caxton redrive ${typed}`,
  );
  output.value({ id: deploymentId, agent, number, state: "stopped" });
}

/** Lists what is asked for as it is found, and returns what it comes to. */
async function survey(
  gateway: Gateway,
  deploymentId: string,
  { dryRun = false, failedOnly = false, limit }: RedriveOptions,
  output: Output,
  signal: AbortSignal,
): Promise<RedrivableSummary> {
  const question = { deploymentId, failedOnly, summaryOnly: !dryRun, ...(limit === undefined ? {} : { limit }) };
  let isFirst = true;
  const until = AbortSignal.any([signal, output.closed]);
  for await (const { messages, summary } of gateway.listRedrivable(question, until)) {
    if (isFirst && messages.length > 0) output.lines(redrivableHead);
    isFirst &&= messages.length === 0;
    for (const message of messages) {
      output.lines(redrivableLine(message));
      output.value(wireJson(RedrivableSchema, message));
    }
    if (summary !== undefined) return summary;
  }
  throw new Interrupted("nothing was sent");
}

/** Until it ends, across broken connections and restarts of the gateway. @throws Interrupted where `signal` aborts first */
async function watch(
  gateway: Gateway,
  asked: { readonly deploymentId: string; readonly number: number },
  due: number,
  output: Output,
  signal: AbortSignal,
): Promise<RedriveProgress> {
  using spinner = new Spinner(output, "Sending again");
  const patience = new Patience();
  while (!signal.aborted) {
    try {
      for await (const progress of gateway.watchRedrive(asked, signal)) {
        patience.renew();
        spinner.say(progressLine(progress, due));
        if (progress.state !== "going") return progress;
      }
    } catch (error) {
      if (signal.aborted) break;
      if (!isPassing(error) || patience.isOver()) throw error;
    }
    await delay(patience.pauseMs, undefined, { signal }).catch(() => undefined);
  }
  throw new Interrupted(
    `the redrive goes on without you; watch it with the same command, end it with: caxton redrive ${asked.deploymentId} --stop`,
  );
}

function nothingToDo({ version, handled, deadLettered, redriven, gone, missing }: RedrivableSummary): CaxtonError {
  const found = handled + deadLettered;
  const kept =
    found === 0
      ? `no message that ${version} handled or failed is kept`
      : `of ${found} messages of ${version} ${redriven} were sent again before and ${gone} are gone from the inbox`;
  const trimmed = missing === undefined || missing === 0 ? "" : `; the outcomes of ${missing} more are trimmed`;
  return new CaxtonError("nothing-to-redrive", `${kept}${trimmed}`);
}
