import { CaxtonError } from "@caxton/contracts/errors";

/** Where a sending that broke off goes on, so that nothing of it is lost and nothing doubled. */
export interface Continuation {
  /** Names the sending: its messages' ids begin with it. */
  readonly run: string;
  /** The first line, or element, that is not known to be accepted. */
  readonly from: number;
  /** Those that may be there nevertheless stand in the inbox after this sequence. */
  readonly after: number;
}

const pattern = /^([0-9a-f]{12})-(\d{1,15})-(\d{1,15})$/;

export function continuationText({ run, from, after }: Continuation): string {
  return `${run}-${from}-${after}`;
}

/** @throws CaxtonError `invalid-argument` */
export function parseContinuation(text: string): Continuation {
  const [, run, from, after] = pattern.exec(text) ?? [];
  if (run !== undefined && from !== undefined && after !== undefined)
    return { run, from: Number(from), after: Number(after) };
  throw new CaxtonError(
    "invalid-argument",
    `--continue takes what an interrupted send named, not '${text.slice(0, 80)}'`,
  );
}

/** What names a message of a sending on the bus, however often it is sent. */
export function messageId(run: string, number: number): string {
  return `send/${run}/${number}`;
}

interface Sent {
  readonly agent: string;
  readonly file: string;
  readonly kind: string;
  readonly conversation: string;
  readonly whole: boolean;
  readonly raw: boolean;
}

/** What somebody types who goes on. */
export function continueCommand({ agent, file, kind, conversation, whole, raw }: Sent, next: Continuation): string {
  const words = [
    "caxton send",
    agent,
    quoted(file),
    ...(kind === "" ? [] : ["--kind", quoted(kind)]),
    ...(conversation === "" ? [] : ["--conversation", quoted(conversation)]),
    ...(whole ? ["--whole"] : []),
    ...(raw ? ["--raw"] : []),
    "--continue",
    continuationText(next),
  ];
  return words.join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
