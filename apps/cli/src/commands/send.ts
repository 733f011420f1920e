import { open } from "node:fs/promises";
import process from "node:process";
import type { Readable } from "node:stream";
import { CaxtonError, isErrorCode, toCaxtonError } from "@caxton/contracts/errors";
import { requireAgentName } from "@caxton/contracts/names";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { CommandFailure } from "../failure.ts";
import { tallyLines, tallyValue } from "../format/tally.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import { requireAcceptedKind } from "../messages/accepted-kinds.ts";
import { batches } from "../messages/batches.ts";
import { readMessages, type SourceMessage } from "../messages/read-messages.ts";
import { objection, Tally } from "../messages/tally.ts";
import { Spinner } from "../spinner.ts";

interface SendOptions extends JsonOption, GatewayOption {
  readonly kind?: string;
  readonly conversation?: string;
  readonly whole?: boolean;
  readonly raw?: boolean;
}

/** The gateway takes 1000 messages and 16 MiB in a request. */
const batchMaxCount = 1_000;
const batchMaxBytes = 4 * 1024 * 1024;
const idleMs = 50;

export function sendCommand(): Command {
  return gatewayCommand("send", "put messages into an agent's inbox: JSON lines, or the elements of a JSON array", [
    "caxton send quake-watch examples/data/earthquakes.jsonl",
    `echo '{"id":"us1","mag":5.1,"place":"here","time":1,"type":"earthquake"}' | caxton send quake-watch`,
    "tail -f events.jsonl | caxton send quake-watch - --kind event",
    "caxton send quake-watch one-message.json --whole",
  ])
    .argument("<agent>", "its whole name")
    .argument("[file]", "where the messages are; standard input for - or nothing", "-")
    .option("--kind <kind>", "one of the kinds that the live version accepts; its first unless given")
    .option("--conversation <id>", "messages of one conversation stay with one version")
    .option("--whole", "the whole input is one message")
    .option("--raw", "send also what is not JSON; it ends as a dead letter")
    .action(send);
}

async function send(agent: string, file: string, options: SendOptions): Promise<void> {
  const output = outputOf(options);
  requireAgentName(agent);
  const input = file === "-" ? process.stdin : await openFile(file);
  const gateway = await openGateway(options);
  const { kind = "", conversation = "" } = options;
  if (kind !== "") await requireAcceptedKind(gateway, agent, kind);
  const tally = new Tally();
  const unobjectionable = without(readMessages(input, options.whole === true), (message) => {
    const refused = objection(message, options.raw === true);
    if (refused !== undefined) tally.refuse(refused);
    return refused !== undefined;
  });
  using ctrlC = new CtrlC();
  const bounds = { maxCount: batchMaxCount, maxBytes: batchMaxBytes, sizeBytes, idleMs, signal: ctrlC.signal };
  {
    using spinner = new Spinner(output, "Sending");
    for await (const batch of batches(unobjectionable, bounds)) {
      const messages = batch.map(({ body }) => ({ body, kind, conversation }));
      const { results } = await gateway.sendMessages(agent, messages).catch((error: unknown) => {
        throw brokenOff(toCaxtonError(error), batch, tally);
      });
      for (const [index, { place }] of batch.entries()) count(tally, place, results[index]);
      spinner.say(`Sending, ${tally.accepted} accepted`);
    }
  }
  input.destroy();
  output.lines(...tallyLines(tally, output.style));
  if (tally.error !== undefined) throw new CommandFailure(tally.error, { agent, ...tallyValue(tally) });
  output.value({ agent, ...tallyValue(tally) });
  if (ctrlC.signal.aborted) throw new Interrupted();
}

async function openFile(file: string): Promise<Readable> {
  try {
    const handle = await open(file);
    if ((await handle.stat()).isDirectory()) throw new Error("it is a directory");
    return handle.createReadStream();
  } catch (error) {
    throw new CaxtonError("invalid-argument", `${file} cannot be read: ${toCaxtonError(error).message}`, {
      cause: error,
    });
  }
}

interface Result {
  readonly sequence: number;
  readonly duplicate: boolean;
  readonly errorCode: string;
  readonly errorMessage: string;
}

function count(tally: Tally, place: string, result: Result | undefined): void {
  if (result === undefined) {
    tally.refuse({ place, code: "internal", message: "the gateway said nothing about it" });
  } else if (result.errorCode === "") {
    tally.accept(result.sequence, result.duplicate);
  } else {
    const code = isErrorCode(result.errorCode) ? result.errorCode : "internal";
    tally.refuse({ place, code, message: result.errorMessage });
  }
}

async function* without<Item>(items: AsyncIterable<Item>, isOut: (item: Item) => boolean): AsyncGenerator<Item> {
  for await (const item of items) if (!isOut(item)) yield item;
}

function sizeBytes({ body }: SourceMessage): number {
  return Buffer.byteLength(body);
}

/** What was under way may have been accepted all the same: whoever sends it again may send it twice. */
function brokenOff(error: CaxtonError, batch: readonly SourceMessage[], tally: Tally): CommandFailure {
  // Said before anything was taken.
  if (error.code === "unknown-agent" || error.code === "invalid-argument")
    return new CommandFailure(error, tallyValue(tally));
  const [from = "the beginning", to = from] = [batch[0]?.place, batch.at(-1)?.place];
  const unknown = `${batch.length === 1 ? from : `${from} to ${to}`} may have been accepted or not`;
  const before = tally.accepted === 0 ? "none before them was" : `${tally.accepted} before them were`;
  const told = new CaxtonError(error.code, `${error.message} (${unknown}, ${before})`, { cause: error });
  return new CommandFailure(told, { ...tallyValue(tally), unknown: batch.length });
}
