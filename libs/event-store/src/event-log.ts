import type { Bus, StoredMessage } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import { cancelled, requireRead } from "./append-check.ts";
import { decodeRecord, lastRevision, toRecorded } from "./append-record.ts";
import { parsePosition } from "./position.ts";
import type { ReadOptions, RecordedEvent, SubscribeOptions } from "./port.ts";
import { toStoreError } from "./store-errors.ts";

/** The last append of an event stream; sequence 0 and revision -1 where there is none. */
export interface Tip {
  readonly sequence: number;
  readonly revision: number;
  /** Its events, where it was read and not only remembered. */
  readonly events?: readonly RecordedEvent[];
}

const maxKnownTips = 10_000;
const subjectPrefix = "caxton.events.";

/** Event streams as they lie in one JetStream stream: reading them, and remembering where they end. */
export class EventLog {
  readonly #bus: Bus;
  readonly #name: string;
  readonly #tips = new Map<string, Tip>();
  readonly #closed = new AbortController();

  constructor(bus: Bus, name: string) {
    this.#bus = bus;
    this.#name = name;
  }

  subject(stream: string): string {
    return subjectPrefix + stream;
  }

  /** From memory, so it may be old; a write under it is refused then. */
  knownTip(stream: string): Tip | undefined {
    return this.#tips.get(stream);
  }

  learn(stream: string, tip: Tip): void {
    this.#tips.delete(stream);
    this.#tips.set(stream, { sequence: tip.sequence, revision: tip.revision });
    if (this.#tips.size <= maxKnownTips) return;
    for (const oldest of this.#tips.keys()) {
      this.#tips.delete(oldest);
      return;
    }
  }

  async freshTip(stream: string): Promise<Tip> {
    this.#tips.delete(stream);
    const last = await this.#bus.streams.last(this.#name, this.subject(stream));
    if (last === undefined) return { sequence: 0, revision: -1 };
    const record = decodeRecord(last.data, `${this.#name} ${last.sequence}`);
    const tip = { sequence: last.sequence, revision: lastRevision(record) };
    this.learn(stream, tip);
    return { ...tip, events: toRecorded(record, stream, last.sequence, last.storedAtMs) };
  }

  /** At most `count` from `revision` on, fewer where the stream ends. */
  async eventsAt(stream: string, tip: Tip, revision: number, count: number): Promise<readonly RecordedEvent[]> {
    if (revision > tip.revision) return [];
    return await Array.fromAsync(this.#from(stream, tip, { fromRevision: revision, maxCount: count }));
  }

  async *read(stream: string, options: ReadOptions = {}): AsyncGenerator<RecordedEvent, void> {
    requireRead(stream, options);
    const isCancelled = (): boolean => options.signal?.aborted === true;
    if (isCancelled()) throw cancelled(stream);
    try {
      const tip = await this.freshTip(stream);
      if (tip.revision < 0) throw new CaxtonError("stream-not-found", `there is no event stream ${stream}`);
      for await (const event of this.#from(stream, tip, options)) {
        if (isCancelled()) break;
        yield event;
      }
    } catch (error) {
      throw isCancelled() ? cancelled(stream) : toStoreError(error);
    }
    if (isCancelled()) throw cancelled(stream);
  }

  async *subscribe(options: SubscribeOptions = {}): AsyncGenerator<RecordedEvent, void> {
    const { afterPosition, onCaughtUp } = options;
    const after = afterPosition === undefined ? { sequence: 0, index: -1 } : parsePosition(afterPosition);
    const signal =
      options.signal === undefined ? this.#closed.signal : AbortSignal.any([options.signal, this.#closed.signal]);
    if (signal.aborted) return;
    try {
      await this.#requireReached(after.sequence);
      const messages = this.#bus.streams.follow(this.#name, {
        fromSequence: Math.max(1, after.sequence),
        signal,
        ...(onCaughtUp === undefined ? {} : { onCaughtUp }),
      });
      for await (const message of messages) {
        for (const [index, event] of this.#decode(message).entries()) {
          if (signal.aborted) return;
          if (message.sequence > after.sequence || index > after.index) yield event;
        }
      }
    } catch (error) {
      if (!signal.aborted) throw toStoreError(error);
    }
  }

  close(): void {
    this.#closed.abort();
  }

  async *#from(stream: string, tip: Tip, options: ReadOptions): AsyncGenerator<RecordedEvent, void> {
    const { fromRevision = 0, maxCount = Infinity, signal } = options;
    let left = maxCount;
    for await (const events of this.#appends(stream, tip, fromRevision, signal)) {
      for (const event of events) {
        if (event.revision < fromRevision) continue;
        yield event;
        left -= 1;
        if (left === 0) return;
      }
    }
  }

  /** The tip itself often holds all that is wanted, which saves making a consumer. */
  async *#appends(
    stream: string,
    tip: Tip,
    fromRevision: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly RecordedEvent[], void> {
    const first = tip.events?.[0];
    if (tip.events !== undefined && first !== undefined && first.revision <= fromRevision) {
      yield tip.events;
      return;
    }
    const filterSubject = this.subject(stream);
    for await (const message of this.#bus.streams.read(this.#name, {
      filterSubject,
      ...(signal === undefined ? {} : { signal }),
    })) {
      yield this.#decode(message);
    }
  }

  #decode(message: StoredMessage): readonly RecordedEvent[] {
    const record = decodeRecord(message.data, `${this.#name} ${message.sequence}`);
    return toRecorded(record, message.subject.slice(subjectPrefix.length), message.sequence, message.storedAtMs);
  }

  /** A position beyond the end is of another store, or of this one before it lost its data. */
  async #requireReached(sequence: number): Promise<void> {
    if (sequence === 0) return;
    const last = (await this.#bus.streams.info(this.#name))?.lastSequence ?? 0;
    if (sequence <= last) return;
    throw new CaxtonError(
      "invalid-argument",
      `position ${sequence} lies beyond this store's last, ${last}: it is of another store; start without one`,
    );
  }
}
