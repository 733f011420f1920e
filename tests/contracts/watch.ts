import type { EventStore, SubscribeOptions } from "@caxton/event-store/port";

/** Follows the store, from a position on, and keeps what came of one stream. */
export class Watch implements AsyncDisposable {
  readonly revisions: number[] = [];
  readonly caughtUp: Promise<void>;
  caughtUpCount = 0;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<() => void, number>();
  readonly #following: Promise<void>;

  constructor(store: EventStore, stream: string, afterPosition?: string) {
    const caughtUp = Promise.withResolvers<void>();
    this.caughtUp = caughtUp.promise;
    const onCaughtUp = (): void => {
      this.caughtUpCount += 1;
      caughtUp.resolve();
    };
    const from = afterPosition === undefined ? {} : { afterPosition };
    this.#following = this.#follow(store, stream, { ...from, onCaughtUp, signal: this.#stop.signal });
    this.#following.catch(caughtUp.reject);
  }

  /** Resolves when so many have come; rejects where following ended with an error. */
  async saw(count: number): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      if (this.revisions.length >= count) resolve();
      else this.#waiting.set(resolve, count);
    });
    await Promise.race([enough, this.#following]);
  }

  async #follow(store: EventStore, stream: string, options: SubscribeOptions): Promise<void> {
    for await (const event of store.subscribe(options)) {
      if (event.stream !== stream) continue;
      this.revisions.push(event.revision);
      for (const [resolve, count] of this.#waiting) if (this.revisions.length >= count) resolve();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}
