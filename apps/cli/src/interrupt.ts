import process from "node:process";

/** Ctrl-C; `message`, where there is one, says what goes on without us. */
export class Interrupted extends Error {}

/** One Ctrl-C may come twice: from the terminal, which sends it to everybody, and from the program that started us. */
const sameMs = 500;
const exitCode = 130;

/**
 * Aborts at the first SIGINT; a second one ends the process at once. Disposing gives Ctrl-C its usual meaning back.
 */
export class CtrlC implements Disposable {
  readonly #controller = new AbortController();
  #firstMs = 0;
  readonly #onSignal = (): void => {
    if (!this.#controller.signal.aborted) {
      this.#firstMs = performance.now();
      this.#controller.abort();
    } else if (performance.now() - this.#firstMs > sameMs) {
      process.exit(exitCode);
    }
  };

  constructor() {
    process.on("SIGINT", this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onSignal);
  }
}
