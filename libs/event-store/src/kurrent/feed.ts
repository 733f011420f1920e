import type { AllStreamSubscription, ResolvedEvent, StreamSubscription } from "@kurrent/kurrentdb-client";
import { NoAnswer } from "./errors.ts";

/** Nothing came for a while after all there was had come: nothing happened, or nobody is there any more. */
export class Quiet extends Error {}

type StreamEvent = NonNullable<ResolvedEvent["event"]>;

// What the subscription is declared to give; read() of a stream has no type of its own.
const isResolved = (value: unknown): value is { readonly event?: StreamEvent } =>
  typeof value === "object" && value !== null;

/** What one of the client's subscriptions gives, pulled one by one. It ends with the client's first error; nothing comes after that. */
export class Feed implements AsyncDisposable {
  readonly #subscription: StreamSubscription | AllStreamSubscription;
  #failure: { readonly error: unknown } | undefined;
  #isConfirmed = false;
  #taken = 0;
  /** How many there were when the server said that was all; it says so before we have taken them. */
  #caughtUpAt: number | undefined;
  #wake: () => void = () => undefined;

  constructor(subscription: StreamSubscription | AllStreamSubscription) {
    this.#subscription = subscription;
    const on: (event: string, listener: (...values: unknown[]) => void) => unknown = subscription.on.bind(subscription);
    const ended = (error: unknown): void => {
      this.#failure ??= { error: error ?? new NoAnswer("the subscription ended") };
      this.#wake();
    };
    // Stays for good: an error that comes after we left must not end the process.
    on("error", ended);
    on("end", () => ended(undefined));
    on("close", () => ended(undefined));
    on("readable", () => this.#wake());
    on("confirmation", () => {
      this.#isConfirmed = true;
    });
    on("caughtUp", () => {
      this.#caughtUpAt ??= this.#taken + subscription.readableLength;
      this.#wake();
    });
  }

  get isCaughtUp(): boolean {
    return this.#caughtUpAt !== undefined && this.#taken >= this.#caughtUpAt;
  }

  /**
   * The next event, or `undefined` when the signal aborted or, unless it `wantsMore`, when all there was has been taken.
   * @throws NoAnswer after `silenceMaxMs` without anything, Quiet where that is after all there was; or the client's error
   */
  async next(options: { readonly signal: AbortSignal; readonly silenceMaxMs: number; readonly wantsMore: boolean }) {
    const { signal, silenceMaxMs, wantsMore } = options;
    const deadlineMs = performance.now() + silenceMaxMs;
    for (;;) {
      if (signal.aborted) return undefined;
      if (this.isCaughtUp && !wantsMore) return undefined;
      const resolved = this.#read();
      if (resolved !== null) {
        this.#taken += 1;
        return resolved;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw this.#silence(silenceMaxMs);
      await this.#somethingHappens(signal, leftMs);
    }
  }

  #silence(afterMs: number): Error {
    if (this.isCaughtUp) return new Quiet();
    // What says so since 23.10.
    const why = this.#isConfirmed
      ? ", though it took the subscription; servers before 23.10 never say when all was sent"
      : "";
    return new NoAnswer(`silent for ${afterMs} ms${why}`);
  }

  #read(): { readonly event?: StreamEvent } | null {
    const value: unknown = this.#subscription.read();
    return isResolved(value) ? value : null;
  }

  async #somethingHappens(signal: AbortSignal, leftMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    this.#wake = wake;
    signal.addEventListener("abort", wake);
    const timer = setTimeout(wake, leftMs);
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
  }

  /** Does not wait for the server, which may be frozen. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription.unsubscribe().catch(() => undefined);
  }
}
