/** Something happened that a loop waits for: `notify` wakes whoever waits now, or else the next who does. */
export class Signal {
  #set = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#set = true;
    this.#wake?.();
  }

  async wait(): Promise<void> {
    while (!this.#set) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#set = false;
  }
}

/** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal?.addEventListener("abort", done, { once: true });
  });
}
