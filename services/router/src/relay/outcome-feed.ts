import type { Outcome } from "@caxton/contracts/outcome";

/** Beyond these the oldest are dropped; who still wants them reads the stream. */
const maxOutcomes = 4_096;
const maxBytes = 16 * 1024 * 1024;
/** So many in a row were stored by this process: worth leaving the stream for. */
const runWorthTaking = 256;

interface Entry {
  readonly outcome: Outcome;
  readonly bytes: number;
}

/**
 * The outcomes that this process stored itself, in the order of the outcome stream, so that its relay need not have them
 * delivered and read again. It holds one run without a gap; a gap, trouble or a backward step ends the run and begins
 * another. Never the only way: what is not here is read from the stream.
 */
export class OutcomeFeed {
  readonly #readers = new Set<FeedReader>();
  #entries: Entry[] = [];
  #bytes = 0;
  /** Sequence of the run's first entry that is still here. */
  #first = 0;
  #runLength = 0;

  /** The store acknowledged this outcome at this sequence of the outcome stream; `bytes` is its size there. */
  stored(sequence: number, outcome: Outcome, bytes: number): void {
    if (this.#readers.size === 0) return;
    if (this.#runLength > 0 && sequence !== this.#next) this.interrupted();
    if (this.#runLength === 0) this.#first = sequence;
    this.#entries.push({ outcome, bytes });
    this.#bytes += bytes;
    this.#runLength += 1;
    if (this.#entries.length > maxOutcomes || this.#bytes > maxBytes) this.#drop(Math.ceil(this.#entries.length / 2));
    this.#notify();
  }

  /** Something may have been stored, or the stream may have changed, without our knowing: what comes next is another run. */
  interrupted(): void {
    if (this.#runLength === 0) return;
    this.#entries = [];
    this.#bytes = 0;
    this.#runLength = 0;
    this.#notify();
  }

  /** For one lane that wants `sequence` next; close it. Nothing is kept where nobody reads. */
  reader(sequence: number, waiting: FeedWaiting): FeedReader {
    const reader = new FeedReader(this, sequence, waiting, () => this.#close(reader));
    this.#readers.add(reader);
    return reader;
  }

  /** Whether the run is long, and what comes at `sequence` is in it or will be its next. */
  covers(sequence: number): boolean {
    return this.#runLength >= runWorthTaking && this.#holds(sequence);
  }

  /** Everything from `sequence` on; undefined where the run does not lead there (any more). */
  from(sequence: number): readonly Outcome[] | undefined {
    if (!this.#holds(sequence)) return undefined;
    return this.#entries.slice(sequence - this.#first).map(({ outcome }) => outcome);
  }

  /** Drops what every reader has passed. */
  release(): void {
    let lowest = this.#next;
    for (const { next } of this.#readers) lowest = Math.min(lowest, next);
    if (lowest > this.#first) this.#drop(lowest - this.#first);
  }

  get #next(): number {
    return this.#first + this.#entries.length;
  }

  #holds(sequence: number): boolean {
    return this.#runLength > 0 && sequence >= this.#first && sequence <= this.#next;
  }

  #drop(count: number): void {
    for (const { bytes } of this.#entries.splice(0, count)) this.#bytes -= bytes;
    this.#first += count;
  }

  #close(reader: FeedReader): void {
    this.#readers.delete(reader);
    if (this.#readers.size === 0) this.interrupted();
  }

  #notify(): void {
    for (const reader of this.#readers) reader.wake();
  }
}

export interface FeedWaiting {
  /** Nothing for so long: whoever reads should look elsewhere. */
  readonly idleMs: number;
  /** Ends waiting. */
  readonly signal: AbortSignal;
}

/** How one lane reads a feed. One caller at a time. */
export class FeedReader {
  readonly #feed: OutcomeFeed;
  readonly #waiting: FeedWaiting;
  readonly #close: () => void;
  #next: number;
  #news = false;
  #wake: (() => void) | undefined;
  /** One for all the times that it waits, which is after every few messages. */
  #idle: NodeJS.Timeout | undefined;
  readonly #stopWaiting = (): void => this.#wake?.();

  constructor(feed: OutcomeFeed, sequence: number, waiting: FeedWaiting, close: () => void) {
    this.#feed = feed;
    this.#next = sequence;
    this.#waiting = waiting;
    this.#close = close;
    waiting.signal.addEventListener("abort", this.#stopWaiting);
  }

  /** The sequence that this reader wants next; what lies below need not be kept for it. */
  get next(): number {
    return this.#next;
  }

  /** It was read elsewhere. @returns whether the feed is worth turning to for what comes next */
  passed(sequence: number): boolean {
    this.#next = sequence + 1;
    return this.#feed.covers(this.#next);
  }

  /** What was stored from `next` on, at least one; undefined when the feed cannot say, or nothing came for too long. */
  async take(): Promise<readonly Outcome[] | undefined> {
    const { idleMs, signal } = this.#waiting;
    this.#feed.release();
    for (;;) {
      this.#news = false;
      const run = this.#feed.from(this.#next);
      if (run === undefined) return undefined;
      if (run.length > 0) {
        this.#next += run.length;
        return run;
      }
      if (signal.aborted) return undefined;
      this.#idle = this.#idle?.refresh() ?? setTimeout(this.#stopWaiting, idleMs);
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
      if (!this.#news) return undefined;
    }
  }

  wake(): void {
    this.#news = true;
    this.#wake?.();
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#waiting.signal.removeEventListener("abort", this.#stopWaiting);
    this.#close();
  }
}
