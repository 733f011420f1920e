import { open } from "node:fs/promises";
import process from "node:process";
import type { Readable } from "node:stream";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { requireAgentName } from "@caxton/contracts/names";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { CommandFailure } from "../failure.ts";
import { tallyLines, tallyValue } from "../format/tally.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import { requireAcceptedKind } from "../messages/accepted-kinds.ts";
import { batches } from "../messages/batches.ts";
import { type Continuation, continuationText, continueCommand, parseContinuation } from "../messages/continuation.ts";
import { readMessages, type SourceMessage } from "../messages/read-messages.ts";
import { BrokenOff, Sending } from "../messages/sending.ts";
import { objection, Tally } from "../messages/tally.ts";
import { Spinner } from "../spinner.ts";

interface SendOptions extends JsonOption, GatewayOption {
  readonly kind?: string;
  readonly conversation?: string;
  readonly whole?: boolean;
  readonly raw?: boolean;
  readonly continue?: Continuation;
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
    .option(
      "--continue <where>",
      "go on where an interrupted send of the same input says it broke off: nothing is lost and nothing sent twice",
      parseContinuation,
    )
    .option("--raw", "send also what is not JSON; it ends as a dead letter")
    .action(send);
}

async function send(agent: string, file: string, options: SendOptions): Promise<void> {
  const output = outputOf(options);
  requireAgentName(agent);
  const { kind = "", conversation = "", whole = false, raw = false, continue: continued } = options;
  const input = file === "-" ? process.stdin : await openFile(file);
  const gateway = await openGateway(options);
  if (kind !== "") await requireAcceptedKind(gateway, agent, kind);
  const tally = new Tally();
  const wanted = without(readMessages(input, whole), (message) => {
    if (message.number < (continued?.from ?? 1)) return true;
    const refused = objection(message, raw);
    if (refused !== undefined) tally.refuse(refused);
    return refused !== undefined;
  });
  using ctrlC = new CtrlC();
  const { signal } = ctrlC;
  using spinner = new Spinner(output, "Sending");
  const onAway = ({ message }: CaxtonError): void => spinner.say(`Waiting: ${message}`);
  const run = crypto.randomUUID().slice(-12);
  const how = { gateway, agent, kind, conversation, tally, run, continued, batchMaxCount, signal, onAway };
  const sending = new Sending(how);
  const goOnLine = (next: Continuation): string => {
    const command = continueCommand({ agent, file, kind, conversation, whole, raw }, next);
    return `→ Go on with: ${command}${file === "-" ? ", and the same input" : ""}`;
  };
  const soFar = () => (tally.accepted + tally.refused === 0 ? [] : tallyLines(tally, output.style));
  const value = (): Record<string, unknown> => ({ agent, ...tallyValue(tally) });
  const interrupted = (unknown: Record<string, unknown>): Interrupted => {
    spinner.above(...soFar(), goOnLine(sending.next));
    output.value({ ...value(), ...unknown, continue: continuationText(sending.next) });
    return new Interrupted();
  };
  try {
    for await (const batch of batches(wanted, {
      maxCount: batchMaxCount,
      maxBytes: batchMaxBytes,
      sizeBytes,
      idleMs,
      signal,
    })) {
      await sending.send(batch);
      spinner.say(`Sending, ${tally.accepted} accepted`);
    }
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error instanceof CaxtonError ? new CommandFailure(error, value()) : error;
    const unknown = { unknown: error.unknown.length };
    if (signal.aborted) throw interrupted(unknown);
    // Where nobody was there from the beginning, it begins again.
    const mayGoOn = sending.answered || error.code !== "gateway-unavailable";
    if (mayGoOn) spinner.above(...soFar(), goOnLine(sending.next));
    const go = mayGoOn ? { continue: continuationText(sending.next) } : {};
    throw new CommandFailure(brokenOff(error, tally), { ...value(), ...unknown, ...go });
  } finally {
    input.destroy();
  }
  if (signal.aborted) throw interrupted({});
  spinner.above(...tallyLines(tally, output.style));
  if (tally.error !== undefined) throw new CommandFailure(tally.error, value());
  output.value(value());
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

async function* without<Item>(items: AsyncIterable<Item>, isOut: (item: Item) => boolean): AsyncGenerator<Item> {
  for await (const item of items) if (!isOut(item)) yield item;
}

function sizeBytes({ body }: SourceMessage): number {
  return Buffer.byteLength(body);
}

/** What was under way may have been accepted all the same: whoever does not go on from there may send it twice. */
function brokenOff(error: BrokenOff, { accepted }: Tally): CaxtonError {
  const { unknown } = error;
  const [from = "the beginning", to = from] = [unknown[0]?.place, unknown.at(-1)?.place];
  const what = `${unknown.length === 1 ? from : `${from} to ${to}`} may have been accepted or not`;
  const before = accepted === 0 ? "none before them was" : `${accepted} before them were`;
  return new CaxtonError(error.code, `${error.message} (${what}, ${before})`, { cause: error });
}
