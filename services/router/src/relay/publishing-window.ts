interface Entry {
  readonly outcomeSequence: number;
  isDone: boolean;
}

/** So many that are done may lie before the oldest that is not. */
const doneKept = 256;

/** What is on its way to one target: bounded, first failure kept, and how far everything is done. */
export class PublishingWindow {
  readonly #maxInFlight: number;
  #limit: number;
  /** In the order in which they were sent; those before `#oldest` are done. A Set would grow old (see `Slots`). */
  readonly #entries: Entry[] = [];
  #oldest = 0;
  #inFlight = 0;
  #read: number;
  #stored = 0;
  #onAcknowledged: (() => void) | undefined;
  #failed = 0;
  #failure: unknown;
  #onFailure: (() => void) | undefined;
  readonly #waiting = new Set<() => void>();
  /** Named outputs that are where they belong, with their outcomes. */
  readonly #ahead = new Map<string, number>();

  /** `outcomeSequence`: what is done to begin with; `narrow`: one at a time until `widen`. */
  constructor(maxInFlight: number, outcomeSequence: number, narrow = false) {
    this.#maxInFlight = maxInFlight;
    this.#limit = narrow ? 1 : maxInFlight;
    this.#read = outcomeSequence;
  }

  /** Every outcome up to this one is where it belongs. */
  get outcomeSequence(): number {
    const oldest = this.#entries[this.#oldest];
    return oldest === undefined ? this.#read : oldest.outcomeSequence - 1;
  }

  /** Of the outputs that were named, those that are where they belong although something before them is not. */
  ahead(): readonly string[] {
    const done = this.outcomeSequence;
    for (const [output, outcomeSequence] of this.#ahead) if (outcomeSequence <= done) this.#ahead.delete(output);
    return [...this.#ahead.keys()];
  }

  /** An output is known to be where it belongs. */
  isThere(outcomeSequence: number, output: string): void {
    this.#ahead.set(output, outcomeSequence);
  }

  /** From now on as many at a time as there may be. */
  widen(): void {
    this.#limit = this.#maxInFlight;
    this.#notify();
  }

  /** How many were stored so far that were not there before. */
  get stored(): number {
    return this.#stored;
  }

  /** `listener` is called whenever one of them is where it belongs. */
  onAcknowledged(listener: () => void): void {
    this.#onAcknowledged = listener;
  }

  /** All outputs of this outcome were given to `send`. */
  outcomeRead(outcomeSequence: number): void {
    this.#read = outcomeSequence;
  }

  /** How often `send` may be called now; 0 after a failure. */
  get free(): number {
    return this.#failed > 0 ? 0 : Math.max(0, this.#limit - this.#inFlight);
  }

  /** Resolves when `send` may be called. @throws what an earlier publish failed with */
  async room(): Promise<void> {
    while (this.#inFlight >= this.#limit && this.#failed === 0) await this.#changed();
    if (this.#failed > 0) throw this.#failure;
  }

  /** Calls `publish` now, which resolves with whether it was not there before; there must be room. `output` names it for `ahead`. */
  send(outcomeSequence: number, publish: () => Promise<boolean>, output?: string): void {
    const entry = { outcomeSequence, isDone: false };
    this.#entries.push(entry);
    this.#inFlight += 1;
    publish().then(
      (isNew) => {
        if (isNew) this.#stored += 1;
        if (output !== undefined) this.isThere(outcomeSequence, output);
        this.#done(entry);
        this.#onAcknowledged?.();
        this.#notify();
      },
      (error: unknown) => {
        // The entry stays: it is not done, and what follows is not either.
        if (this.#failed === 0) this.#failure = error;
        this.#failed += 1;
        this.#onFailure?.();
        this.#notify();
      },
    );
  }

  /** Resolves when nothing is on its way any more, however it ended. */
  async settled(): Promise<void> {
    while (this.#inFlight > this.#failed) await this.#changed();
  }

  /** Resolves at the first failure with what it was, or with undefined when `signal` aborts before. */
  failed(signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve) => {
      const stop = (): void => resolve(this.#failure);
      this.#onFailure = stop;
      if (this.#failed > 0 || signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
  }

  #done(entry: Entry): void {
    entry.isDone = true;
    this.#inFlight -= 1;
    while (this.#entries[this.#oldest]?.isDone === true) this.#oldest += 1;
    if (this.#oldest < doneKept) return;
    this.#entries.splice(0, this.#oldest);
    this.#oldest = 0;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #notify(): void {
    if (this.#waiting.size === 0) return;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
