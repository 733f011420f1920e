import { setTimeout as delay } from "node:timers/promises";
import type { Bus, StoredMessage } from "@caxton/bus/types";
import { type Inbound, inboundOf } from "@caxton/contracts/inbound";
import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream } from "@caxton/contracts/subjects";

/** Messages that wait for their outcome are kept as long as they take no more than this; beyond it they are read again. */
const keptMaxBytes = 16 * 1024 * 1024;
/** A message that does not come for so long is looked for by itself: it may be gone. */
const patienceMs = 1_000;

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
  readonly #dropped = new Set<number>();
  #messages: AsyncIterator<StoredMessage> | undefined;
  #coming: Promise<IteratorResult<StoredMessage>> | undefined;
  #first = 0;
  #last = 0;
  #keptBytes = 0;

  constructor(options: InboxReaderOptions) {
    this.#options = options;
  }

  /** Once for each sequence. `unwanted`: it is not meant for us; `gone`: the inbox has it no more. */
  async take(sequence: number): Promise<Inbound | "unwanted" | "gone"> {
    if (this.#first === 0) this.#begin(sequence);
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
    const mayBeThere = this.#dropped.delete(sequence) || sequence < this.#first;
    return mayBeThere ? await this.#lookUp(sequence) : "unwanted";
  }

  #begin(sequence: number): void {
    const { bus, agent, epochMs, signal } = this.#options;
    this.#first = sequence;
    this.#last = sequence - 1;
    const messages = bus.streams.follow(inboxStream(agent), { fromSequence: sequence, epochMs, signal });
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
    // What lies between is gone, and looked for in vain.
    for (let gone = this.#last + 1; gone < stored.sequence && this.#dropped.size < 10_000; gone += 1) {
      this.#dropped.add(gone);
    }
    this.#last = stored.sequence;
    const message = this.#inbound(stored);
    if (!this.#options.wants(message)) return;
    this.#kept.set(stored.sequence, message);
    this.#keptBytes += stored.data.length;
    for (const [sequence, oldest] of this.#kept) {
      if (this.#keptBytes <= keptMaxBytes) break;
      this.#forget(oldest);
      this.#dropped.add(sequence);
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
