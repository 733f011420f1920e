import { CaxtonError } from "@caxton/contracts/errors";
import { requireStreamName } from "@caxton/contracts/names";
import type { ExpectedRevision, NewEvent, ReadOptions } from "./port.ts";

/** The revision that the first of the events would get. */
export function firstRevisionAfter(expected: ExpectedRevision): number {
  return expected === "no-stream" ? 0 : expected + 1;
}

/** What every store refuses before it looks at anything. @throws CaxtonError `invalid-stream-name`, `invalid-argument` */
export function requireAppend(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): void {
  requireStreamName(stream);
  if (expected !== "no-stream" && !isCount(expected)) {
    throw new CaxtonError(
      "invalid-argument",
      `expected revision ${expected} is neither 'no-stream' nor a whole number from 0`,
    );
  }
  if (events.length === 0) {
    throw new CaxtonError("invalid-argument", `an append to ${stream} without events means nothing: give at least one`);
  }
  const seen = new Set<string>();
  for (const { id } of events) {
    if (id === "") throw new CaxtonError("invalid-argument", `an event for ${stream} has no id`);
    if (seen.has(id))
      throw new CaxtonError("invalid-argument", `event id ${id} comes twice in one append to ${stream}`);
    seen.add(id);
  }
}

/** @throws CaxtonError `invalid-stream-name`, `invalid-argument` */
export function requireRead(stream: string, options: ReadOptions): void {
  requireStreamName(stream);
  const { fromRevision = 0, maxCount = 1 } = options;
  if (!isCount(fromRevision))
    throw new CaxtonError("invalid-argument", `fromRevision ${fromRevision} is no whole number from 0`);
  if (!isCount(maxCount) || maxCount === 0)
    throw new CaxtonError("invalid-argument", `maxCount ${maxCount} is no whole number from 1`);
}

/** @throws CaxtonError `append-too-large` */
export function requireAppendSize(stream: string, bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new CaxtonError(
    "append-too-large",
    `an append of ${bytes} bytes to ${stream}, ${maxBytes} is the most: split it or keep large data elsewhere`,
    {
      details: { stream, bytes, maxBytes },
    },
  );
}

export function wrongRevision(stream: string, expected: ExpectedRevision, actual: number): CaxtonError {
  const found = actual < 0 ? "does not exist" : `is at revision ${actual}`;
  return new CaxtonError(
    "wrong-revision",
    `stream ${stream} ${found}, expected was ${expected}: read it and decide again`,
    {
      details: { stream, expectedRevision: expected, actualRevision: actual },
    },
  );
}

export function cancelled(stream: string): CaxtonError {
  return new CaxtonError("cancelled", `reading ${stream} was given up`);
}

/** Whether these events are what the store holds from some revision on: then an append of them was stored before. */
export function isSameEvents(
  stored: readonly { readonly id: string }[],
  events: readonly { readonly id: string }[],
): boolean {
  return stored.length === events.length && events.every(({ id }, at) => stored[at]?.id === id);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
