import process from "node:process";

/** Ctrl-C; `message`, where there is one, says what goes on without us. */
export class Interrupted extends Error {}

/**
 * Aborts at the first SIGINT; a second one ends the process at once. Disposing gives Ctrl-C its usual meaning back.
 */
export class CtrlC implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal = (): void => this.#controller.abort();

  constructor() {
    process.once("SIGINT", this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onSignal);
  }
}
