import process from "node:process";
import type { Writable } from "node:stream";
import { plain, terminal, type Style } from "./format/style.ts";

/** Where a command's results go: standard output, as lines for people or, with `--json`, as JSON. */
export interface Output {
  readonly json: boolean;
  readonly style: Style;
  /** Whether somebody watches standard output, so that a line may be drawn over. */
  readonly live: boolean;
  /** How many characters a line of the terminal has; many where there is none. */
  readonly columns: number;
  /** Aborts when whoever read standard output is gone (`| head`): a command that only shows something may end then. */
  readonly closed: AbortSignal;
  /** Lines for people; nothing with `--json`. */
  lines(...lines: readonly string[]): void;
  /** One JSON value on a line of its own; nothing without `--json`. */
  value(value: unknown): void;
  /** For people, on standard error. */
  note(text: string): void;
  /** Draws over the current line of a terminal; `""` clears it. */
  draw(text: string): void;
}

const clearLine = "\r\u001B[K";

export function openOutput(json: boolean): Output {
  const closed = new AbortController();
  endQuietly(process.stdout, () => closed.abort());
  endQuietly(process.stderr, () => undefined);
  const write = (text: string) => {
    if (!closed.signal.aborted) process.stdout.write(text);
  };
  const live = process.stdout.isTTY && !json;
  return {
    json,
    style: process.stdout.isTTY && !isSet(process.env["NO_COLOR"]) ? terminal : plain,
    live,
    get columns() {
      return process.stdout.isTTY ? process.stdout.columns : Number.MAX_SAFE_INTEGER;
    },
    closed: closed.signal,
    lines: (...lines) => {
      if (!json) for (const line of lines) write(`${line}\n`);
    },
    value: (value) => {
      if (json) write(`${JSON.stringify(value)}\n`);
    },
    note: (text) => {
      process.stderr.write(`${text}\n`);
    },
    draw: (text) => {
      if (live) write(`${clearLine}${text}`);
    },
  };
}

/** https://no-color.org: any value but the empty one. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

function endQuietly(stream: Writable, onClosed: () => void): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    onClosed();
  });
}
