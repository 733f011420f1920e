import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { CaxtonError } from "@caxton/contracts/errors";

/** A message and where it stood: its line, or its place in an array, from 1. */
export interface SourceMessage {
  readonly place: string;
  /** The same as a number. */
  readonly number: number;
  readonly body: string;
}

/** An array must be held as a whole; JSON lines need not. */
const arrayMaxChars = 256 * 1024 * 1024;

/**
 * Messages as they come: the whole input as one, or one a line, or, where the input is one JSON array, one an element.
 * @throws CaxtonError `invalid-argument` where an array is too long to hold
 */
export async function* readMessages(input: Readable, whole: boolean): AsyncGenerator<SourceMessage> {
  if (whole) {
    yield { place: "the input", number: 1, body: (await text(input)).trimEnd() };
    return;
  }
  let line = 0;
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    line += 1;
    if (next.value.trim() === "") continue;
    if (/^\s*\[/.test(next.value)) {
      yield* arrayOrLines(await rest(lines, next.value), line);
      return;
    }
    yield { place: `line ${line}`, number: line, body: next.value };
  }
}

async function rest(lines: AsyncIterator<string>, first: string): Promise<readonly string[]> {
  const all = [first];
  let chars = first.length;
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    all.push(next.value);
    chars += next.value.length;
    if (chars > arrayMaxChars) {
      throw new CaxtonError(
        "invalid-argument",
        `an input that begins with '[' is read as a whole, up to ${arrayMaxChars} characters; write one message a line`,
      );
    }
  }
  return all;
}

/** Only what is one array altogether is taken apart: a line may be an array too. */
function* arrayOrLines(lines: readonly string[], firstLine: number): Generator<SourceMessage> {
  const elements = parseArray(lines.join("\n"));
  if (elements !== undefined) {
    for (const [index, element] of elements.entries()) {
      yield { place: `element ${index + 1}`, number: index + 1, body: JSON.stringify(element) };
    }
    return;
  }
  for (const [index, body] of lines.entries()) {
    if (body.trim() !== "") yield { place: `line ${firstLine + index}`, number: firstLine + index, body };
  }
}

function parseArray(json: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
