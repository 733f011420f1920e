import { nextDelayMs } from "../core/backoff.ts";

const retryDelays = { minMs: 25, maxMs: 500 };
const busyDelays = { minMs: 50, maxMs: 1_000 };

/** Whether a version can be reached, and when it may be asked again: after nobody answered, or all were busy. */
export class Reach {
  readonly #onResume: () => void;
  /** 0 while somebody answers, as far as is known. */
  #retryDelayMs = 0;
  #busyDelayMs = 0;
  /** Nothing new is asked until it fires. */
  #timer: NodeJS.Timeout | undefined;

  constructor(onResume: () => void) {
    this.#onResume = onResume;
  }

  get available(): boolean {
    return this.#retryDelayMs === 0;
  }

  get pausing(): boolean {
    return this.#timer !== undefined;
  }

  answered(): void {
    this.#retryDelayMs = 0;
  }

  /** Takes requests again, as far as is known. */
  notBusy(): void {
    this.#busyDelayMs = 0;
  }

  busy(): void {
    if (this.#timer !== undefined) return;
    this.#busyDelayMs = nextDelayMs(this.#busyDelayMs, busyDelays);
    this.#pause(this.#busyDelayMs);
  }

  nobody(): void {
    if (this.#timer !== undefined && this.#retryDelayMs > 0) return;
    this.#retryDelayMs = nextDelayMs(this.#retryDelayMs, retryDelays);
    this.#pause(this.#retryDelayMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #pause(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onResume();
    }, delayMs);
  }
}
