import type { Bus, StreamInfo } from "@caxton/bus/types";
import type { Logger } from "@caxton/telemetry/logger";
import { isPressed, type Room, type TrimSettings } from "../core/trim-plan.ts";
import type { AgentBooks } from "./agent-books.ts";

export interface TrimContext {
  readonly bus: Bus;
  readonly log: Logger;
  readonly agent: string;
  /** Those that are kept now. */
  readonly books: () => AgentBooks;
  readonly settings: TrimSettings;
}

export function roomOf(info: StreamInfo): Room {
  const { maxBytes, maxMessages } = info.spec;
  return { ...info, maxBytes, maxMessages };
}

/** What is done must be gone from the inbox before its outcome may go, so pressure on one is pressure on both. */
export function arePressed(streams: readonly (StreamInfo | undefined)[], settings: TrimSettings): boolean {
  return streams.some((info) => info !== undefined && isPressed(roomOf(info), settings));
}

/** The highest sequence of `low + 1` to `high` that is due, where those before it are; `low` where none is. */
export async function lastDue(
  low: number,
  high: number,
  isDue: (sequence: number) => Promise<boolean>,
): Promise<number> {
  let [due, upTo] = [low, high];
  while (due < upTo) {
    const middle = Math.ceil((due + upTo) / 2);
    if (await isDue(middle)) due = middle;
    else upTo = middle - 1;
  }
  return due;
}
