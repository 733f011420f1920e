/** Nothing heard for so long while something is in flight: worth asking whether anybody is there. */
const silenceMs = 500;

/** Asks `onSilence` each time nothing was heard for a while although something is in flight. */
export class SilenceWatch {
  readonly #onSilence: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;

  constructor(onSilence: () => Promise<void>) {
    this.#onSilence = onSilence;
  }

  /** Something was sent where nothing was in flight. */
  begin(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#onSilence();
    }, silenceMs);
  }

  /** Something came back. */
  heard(inFlight: number): void {
    this.close();
    if (inFlight > 0) this.begin();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
