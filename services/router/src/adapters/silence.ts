/** Nothing heard for so long while something is in flight: worth asking whether anybody is there. */
const silenceMs = 500;

/** Asks `onSilence` each time nothing was heard for a while although something is in flight. */
export class SilenceWatch {
  readonly #onSilence: () => Promise<void>;
  #inFlight = false;
  #heardMs = 0;
  /** Runs on when something is heard, and then looks how long ago that was: to start another for each answer costs more. */
  #timer: NodeJS.Timeout | undefined;

  constructor(onSilence: () => Promise<void>) {
    this.#onSilence = onSilence;
  }

  /** Something was sent where nothing was in flight. */
  begin(): void {
    if (this.#inFlight) return;
    this.#inFlight = true;
    this.#heardMs = performance.now();
    this.#timer ??= this.#lookAfter(silenceMs);
  }

  /** Something came back. */
  heard(inFlight: number): void {
    this.#inFlight = inFlight > 0;
    this.#heardMs = performance.now();
  }

  close(): void {
    this.#inFlight = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookAfter(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      if (!this.#inFlight) return;
      const leftMs = this.#heardMs + silenceMs - performance.now();
      if (leftMs > 0) this.#timer = this.#lookAfter(Math.ceil(leftMs));
      else {
        this.#inFlight = false;
        void this.#onSilence();
      }
    }, delayMs);
  }
}
