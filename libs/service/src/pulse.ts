const beatMs = 100;

/** Notices that this process stood still (SIGSTOP, a suspended machine) for longer than others wait for it. */
export class Pulse {
  readonly #maxGapMs: number;
  readonly #missed = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #lastBeatMs = performance.now();

  constructor(maxGapMs: number) {
    this.#maxGapMs = maxGapMs;
    this.#timer = setInterval(() => {
      if (this.regular()) this.#lastBeatMs = performance.now();
    }, beatMs);
  }

  /** Aborts when a gap was noticed; it stays so. */
  get missed(): AbortSignal {
    return this.#missed.signal;
  }

  regular(): boolean {
    if (performance.now() - this.#lastBeatMs > this.#maxGapMs) this.#missed.abort();
    return !this.#missed.signal.aborted;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
