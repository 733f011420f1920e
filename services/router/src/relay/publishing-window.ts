interface Entry {
  readonly outcomeSequence: number;
  /** The highest sequence the target had acknowledged before this outcome: its outputs lie above. */
  readonly targetFloor: number;
}

/** What is on its way to one target: bounded, first failure kept, and how far everything is done. */
export class PublishingWindow {
  readonly #maxInFlight: number;
  readonly #entries = new Set<Entry>();
  #read: number;
  #acknowledged: number;
  #targetFloor: number;
  #acknowledgements = 0;
  #failed = 0;
  #failure: unknown;
  readonly #waiting = new Set<() => void>();

  /** `outcomeSequence`, `targetSequence`: what is done to begin with. */
  constructor(maxInFlight: number, outcomeSequence: number, targetSequence: number) {
    this.#maxInFlight = maxInFlight;
    this.#read = outcomeSequence;
    this.#acknowledged = targetSequence;
    this.#targetFloor = targetSequence;
  }

  /** Every outcome up to this one is where it belongs. */
  get outcomeSequence(): number {
    const [oldest] = this.#entries;
    return oldest === undefined ? this.#read : oldest.outcomeSequence - 1;
  }

  /** Whatever belongs to later outcomes lies above this sequence of the target. */
  get targetSequence(): number {
    const [oldest] = this.#entries;
    return oldest === undefined ? this.#targetFloor : oldest.targetFloor;
  }

  /** How many were stored so far. */
  get acknowledgements(): number {
    return this.#acknowledgements;
  }

  /** All outputs of this outcome were given to `send`. */
  outcomeRead(outcomeSequence: number): void {
    this.#read = outcomeSequence;
    this.#targetFloor = this.#acknowledged;
  }

  /** Calls `publish` when there is room. @throws what an earlier publish failed with */
  async send(outcomeSequence: number, publish: () => Promise<{ readonly sequence: number }>): Promise<void> {
    while (this.#entries.size >= this.#maxInFlight && this.#failed === 0) await this.#changed();
    if (this.#failed > 0) throw this.#failure;
    const entry = { outcomeSequence, targetFloor: this.#targetFloor };
    this.#entries.add(entry);
    void this.#track(entry, publish());
  }

  /** Resolves when nothing is on its way any more, however it ended. */
  async settled(): Promise<void> {
    while (this.#entries.size > this.#failed) await this.#changed();
  }

  /** Resolves at the first failure with what it was, or with undefined when `signal` aborts before. */
  async failed(signal: AbortSignal): Promise<unknown> {
    const stop = (): void => this.#notify();
    signal.addEventListener("abort", stop, { once: true });
    while (this.#failed === 0 && !signal.aborted) await this.#changed();
    signal.removeEventListener("abort", stop);
    return this.#failure;
  }

  async #track(entry: Entry, publishing: Promise<{ readonly sequence: number }>): Promise<void> {
    try {
      const { sequence } = await publishing;
      this.#acknowledged = Math.max(this.#acknowledged, sequence);
      this.#acknowledgements += 1;
      this.#entries.delete(entry);
    } catch (error) {
      // The entry stays: it is not done, and what follows is not either.
      if (this.#failed === 0) this.#failure = error;
      this.#failed += 1;
    }
    this.#notify();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #notify(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
