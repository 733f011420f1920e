import { setTimeout as delay } from "node:timers/promises";
import type { Bus, StoredMessage } from "@caxton/bus/types";
import { type Inbound, inboundOf } from "@caxton/contracts/inbound";
import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream } from "@caxton/contracts/subjects";

/** Messages that wait for their outcome are kept as long as they take no more than this; beyond it they are read again. */
const keptMaxBytes = 16 * 1024 * 1024;
/** Those of dead letters are never asked for. */
const unwantedMax = 10_000;
/** A message that does not come for so long is looked for by itself: it may be gone. */
const patienceMs = 1_000;
/** Far less than that; what comes in one piece costs less. */
const gatherMs = 20;

export interface InboxReaderOptions {
  readonly bus: Pick<Bus, "streams">;
  readonly agent: string;
  /** When the inbox was made. */
  readonly epochMs: number;
  readonly signal: AbortSignal;
  readonly wants: (message: Inbound) => boolean;
}

/**
 * An inbox read in its own order, for somebody who asks in the order of outcomes: a consumer of its own, nothing is
 * acknowledged and nobody waits for it.
 */
export class InboxReader {
  readonly #options: InboxReaderOptions;
  readonly #kept = new Map<number, Inbound>();
  /** Read and not wanted, until somebody asks. What is neither here nor kept is looked for by itself. */
  readonly #unwanted = new Set<number>();
  #messages: AsyncIterator<StoredMessage> | undefined;
  #coming: Promise<IteratorResult<StoredMessage>> | undefined;
  #last = 0;
  #keptBytes = 0;

  constructor(options: InboxReaderOptions) {
    this.#options = options;
  }

  /** Once for each sequence. `unwanted`: it is not meant for us; `gone`: the inbox has it no more. */
  async take(sequence: number): Promise<Inbound | "unwanted" | "gone"> {
    if (this.#messages === undefined) this.#begin(sequence);
    while (this.#last < sequence) {
      const next = await this.#next();
      if (next === "nothing") return await this.#lookUp(sequence);
      this.#keep(next);
    }
    const kept = this.#kept.get(sequence);
    if (kept !== undefined) {
      this.#forget(kept);
      return kept;
    }
    return this.#unwanted.delete(sequence) ? "unwanted" : await this.#lookUp(sequence);
  }

  #begin(sequence: number): void {
    const { bus, agent, epochMs, signal } = this.#options;
    this.#last = sequence - 1;
    const messages = bus.streams.follow(inboxStream(agent), { fromSequence: sequence, epochMs, gatherMs, signal });
    this.#messages = messages[Symbol.asyncIterator]();
  }

  async #next(): Promise<StoredMessage | "nothing"> {
    this.#coming ??= this.#messages?.next();
    if (this.#coming === undefined) return "nothing";
    const over = new AbortController();
    const late = delay(patienceMs, "nothing" as const, { signal: over.signal }).catch(() => "nothing" as const);
    const next = await Promise.race([this.#coming, late]).finally(() => over.abort());
    if (next === "nothing") return next;
    this.#coming = undefined;
    return next.done === true ? "nothing" : next.value;
  }

  #keep(stored: StoredMessage): void {
    this.#last = stored.sequence;
    const message = this.#inbound(stored);
    if (!this.#options.wants(message)) {
      this.#unwanted.add(stored.sequence);
      const [oldest] = this.#unwanted;
      if (this.#unwanted.size > unwantedMax && oldest !== undefined) this.#unwanted.delete(oldest);
      return;
    }
    this.#kept.set(stored.sequence, message);
    this.#keptBytes += stored.data.length;
    for (const oldest of this.#kept.values()) {
      if (this.#keptBytes <= keptMaxBytes) break;
      this.#forget(oldest);
    }
  }

  #forget(message: Inbound): void {
    this.#kept.delete(message.sequence);
    this.#keptBytes -= message.data.length;
  }

  async #lookUp(sequence: number): Promise<Inbound | "unwanted" | "gone"> {
    const { bus, agent, wants } = this.#options;
    const stored = await bus.streams.get(inboxStream(agent), sequence);
    if (stored === undefined) return "gone";
    const message = this.#inbound(stored);
    return wants(message) ? message : "unwanted";
  }

  #inbound(stored: StoredMessage): Inbound {
    const { agent, epochMs } = this.#options;
    return inboundOf(agent, epochOf(epochMs), { ...stored, deliveryCount: 1 });
  }
}
