import { type AgentLogBatch, type AgentLogLine, isAtLeast, type LogLevel } from "@caxton/contracts/agent-log";

export interface LogFilter {
  readonly level: LogLevel;
  /** Of any message and of none unless given. */
  readonly messageId?: string;
  /** Unix ms. */
  readonly sinceMs: number;
  /** The beginning of the version's id; any unless given. */
  readonly version?: string;
}

export interface LogEntry extends AgentLogLine {
  readonly batch: Omit<AgentLogBatch, "lines">;
  /** Of the batch in the stream. */
  readonly position: number;
}

/** The lines of a batch that are wanted. */
export function wantedLines({ lines, ...batch }: AgentLogBatch, position: number, filter: LogFilter): LogEntry[] {
  if (filter.version !== undefined && !batch.version.startsWith(filter.version)) return [];
  return lines
    .filter(
      ({ atMs, level, messageId }) =>
        atMs >= filter.sinceMs &&
        isAtLeast(level, filter.level) &&
        (filter.messageId === undefined || filter.messageId === messageId),
    )
    .map((line) => ({ ...line, batch, position }));
}

/** The newest of many, in order. */
export class Newest<Item> {
  readonly #max: number;
  #items: Item[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  add(items: readonly Item[]): void {
    this.#items.push(...items);
    // Now and then, so that it costs nothing for each.
    if (this.#items.length > 2 * this.#max + 1_000) this.#items = this.#items.slice(-this.#max);
  }

  take(): readonly Item[] {
    return this.#max === 0 ? [] : this.#items.slice(-this.#max);
  }
}
