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
  #sent = 0;
  #failed = 0;
  #failure: unknown;
  #onFailure: (() => void) | undefined;
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

  /** Nothing is on its way, and nothing failed. */
  get isIdle(): boolean {
    return this.#entries.size === 0 && this.#failed === 0;
  }

  /** How often `send` was called. */
  get sent(): number {
    return this.#sent;
  }

  /** The target is known to end at this sequence while the window is idle. */
  targetIsAt(sequence: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
    this.#targetFloor = this.#acknowledged;
  }

  /** All outputs of this outcome were given to `send`. */
  outcomeRead(outcomeSequence: number): void {
    this.#read = outcomeSequence;
    this.#targetFloor = this.#acknowledged;
  }

  /** How often `send` may be called now; 0 after a failure. */
  get free(): number {
    return this.#failed > 0 ? 0 : Math.max(0, this.#maxInFlight - this.#entries.size);
  }

  /** Resolves when `send` may be called. @throws what an earlier publish failed with */
  async room(): Promise<void> {
    while (this.#entries.size >= this.#maxInFlight && this.#failed === 0) await this.#changed();
    if (this.#failed > 0) throw this.#failure;
  }

  /** Calls `publish` now; there must be room. */
  send(outcomeSequence: number, publish: () => Promise<{ readonly sequence: number }>): void {
    const entry = { outcomeSequence, targetFloor: this.#targetFloor };
    this.#entries.add(entry);
    this.#sent += 1;
    publish().then(
      ({ sequence }) => {
        this.#acknowledged = Math.max(this.#acknowledged, sequence);
        this.#acknowledgements += 1;
        this.#entries.delete(entry);
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
    while (this.#entries.size > this.#failed) await this.#changed();
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

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #notify(): void {
    if (this.#waiting.size === 0) return;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
