import { CaxtonError } from "@caxton/contracts/errors";
import {
  type AppendResult,
  type AppendStreamState,
  type AppendToStreamOptions,
  type JSONEventData,
  KurrentDBClient,
} from "@kurrent/kurrentdb-client";
import { inOwnWords, requireConnectionString } from "../connection-string.ts";
import { isRefusal, makesClientReconnect, NoAnswer } from "./errors.ts";

interface Shared {
  readonly client: KurrentDBClient;
  users: number;
  /** Appends without an answer, also those that nobody waits for any more. */
  appending: number;
  hasAnswered: boolean;
  isRetired: boolean;
}

export interface Lease extends Disposable {
  readonly client: KurrentDBClient;
  answered(): void;
  failed(error: unknown): void;
}

/**
 * The client sends the appends of a process down one gRPC stream. When more than 16 wait to be written, it queues the rest
 * itself, and where that stream then breaks, its rejection is nobody's and ends the process. So no more are given to it.
 */
const appendsAtOnce = 12;
/** A client that is let go never gives back about 100 KiB of native memory. */
const replaceAgainMs = { first: 1_000, longest: 10_000 };

/** The one client all operations share, since a client's first operation is slow; replaced where it seems to be beyond help. */
export class Connection {
  readonly #url: string;
  readonly #waiting = new Set<() => void>();
  #shared: Shared;
  #isClosed = false;
  #generation = 0;
  #pauseMs = 0;
  #keepUntilMs = 0;

  /** @throws CaxtonError `invalid-argument` for what is no connection string; the message never repeats it */
  constructor(url: string) {
    requireConnectionString(url);
    this.#url = url;
    this.#shared = this.#open();
  }

  /** The client, until released. */
  lease(): Lease {
    return this.#lease(this.#shared);
  }

  /**
   * One append, as soon as there is room for one more.
   * @throws NoAnswer after `timeoutMs`, and what the client says
   */
  async append(
    stream: string,
    events: JSONEventData[],
    streamState: AppendStreamState,
    timeoutMs: number,
  ): Promise<AppendResult> {
    const deadlineMs = performance.now() + timeoutMs;
    while (this.#shared.appending >= appendsAtOnce) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs > 0) {
        await this.#change(leftMs);
        continue;
      }
      const error = new NoAnswer(`${appendsAtOnce} appends before this one got no answer in ${timeoutMs} ms`);
      this.#failed(this.#shared, error);
      throw error;
    }
    const shared = this.#shared;
    using lease = this.#lease(shared);
    try {
      const leftMs = Math.max(1, deadlineMs - performance.now());
      const result = await within(leftMs, this.#send(shared, stream, events, { streamState, deadline: leftMs }));
      lease.answered();
      return result;
    } catch (error) {
      lease.failed(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await within(500, this.#shared.client.dispose()).catch(() => undefined);
  }

  #lease(shared: Shared): Lease {
    shared.users += 1;
    return {
      client: shared.client,
      answered: () => {
        shared.hasAnswered = true;
        if (shared === this.#shared) this.#pauseMs = 0;
      },
      failed: (error) => this.#failed(shared, error),
      [Symbol.dispose]() {
        shared.users -= 1;
        // Not before: disposing cancels what others still wait for.
        if (shared.isRetired && shared.users === 0) shared.client.dispose().catch(() => undefined);
      },
    };
  }

  /** Counted until it has an answer, also when nobody waits for that any more. */
  async #send(
    shared: Shared,
    stream: string,
    events: JSONEventData[],
    options: AppendToStreamOptions,
  ): Promise<AppendResult> {
    shared.appending += 1;
    try {
      return await shared.client.appendToStream(stream, events, options);
    } finally {
      shared.appending -= 1;
      this.#changed();
    }
  }

  /**
   * The next lease is on a new client, unless this one was at work before and connects again by itself. One that does not
   * answer may have a connection that is dead without anybody having been told; one that failed before it ever answered
   * has parts that never recover; one that found no node of its cluster remembers that for ever.
   */
  #failed(shared: Shared, error: unknown): void {
    if (this.#isClosed || shared !== this.#shared || isRefusal(error)) return;
    const mayRecover = shared.hasAnswered && makesClientReconnect(error);
    const nowMs = performance.now();
    if (mayRecover || nowMs < this.#keepUntilMs) return;
    this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, replaceAgainMs.first), replaceAgainMs.longest);
    this.#keepUntilMs = nowMs + this.#pauseMs;
    shared.isRetired = true;
    this.#shared = this.#open();
    this.#changed();
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
  }

  async #change(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#waiting.add(resolve);
    await promise;
    this.#waiting.delete(resolve);
    clearTimeout(timer);
  }

  #open(): Shared {
    try {
      const client = KurrentDBClient.connectionString(inOwnWords(this.#url, this.#generation));
      this.#generation += 1;
      return { client, users: 0, appending: 0, hasAnswered: false, isRetired: false };
    } catch {
      // The client's message may hold the password.
      throw new CaxtonError(
        "invalid-argument",
        `the client of the event store refuses '${withoutSecrets(this.#url)}' with its options: are the files there that they name?`,
      );
    }
  }
}

/** A connection string as it may be shown: no user, no password, no options. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/.*@/, "//").replace(/\?.*$/s, "");
}

/** An own deadline, since the client's does not hold. What was given up may still happen. @throws NoAnswer */
async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${Math.round(timeoutMs)} ms`)), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
