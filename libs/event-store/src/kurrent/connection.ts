import { CaxtonError } from "@caxton/contracts/errors";
import { KurrentDBClient } from "@kurrent/kurrentdb-client";
import { isAway, NoAnswer } from "./errors.ts";

interface Shared {
  readonly client: KurrentDBClient;
  users: number;
  hasAnswered: boolean;
  isRetired: boolean;
}

export interface Lease extends Disposable {
  readonly client: KurrentDBClient;
  answered(): void;
  failed(error: unknown): void;
}

/** The one client all operations share, since a client's first operation is slow; replaced where it never got an answer. */
export class Connection {
  readonly #url: string;
  #shared: Shared;

  /** @throws CaxtonError `invalid-argument` for what is no connection string; the message never repeats it */
  constructor(url: string) {
    this.#url = url;
    this.#shared = this.#open();
  }

  /**
   * The client, until released. One that failed before it ever answered may never recover, so the next lease is on a
   * new one; the old is disposed of when nobody uses it, since disposing cancels what others still wait for.
   */
  lease(): Lease {
    const shared = this.#shared;
    shared.users += 1;
    return {
      client: shared.client,
      answered() {
        shared.hasAnswered = true;
      },
      failed: (error) => {
        if (!isAway(error) || shared.hasAnswered || shared !== this.#shared) return;
        shared.isRetired = true;
        this.#shared = this.#open();
      },
      [Symbol.dispose]() {
        shared.users -= 1;
        if (shared.isRetired && shared.users === 0) shared.client.dispose().catch(() => undefined);
      },
    };
  }

  async close(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, 500);
    await Promise.race([this.#shared.client.dispose().catch(() => undefined), late]);
    clearTimeout(timer);
  }

  #open(): Shared {
    try {
      const client = KurrentDBClient.connectionString(
        // The old name of the same scheme, which the client answers with a warning on the console.
        this.#url.replace(/^esdb/, "kurrentdb"),
      );
      return { client, users: 0, hasAnswered: false, isRetired: false };
    } catch {
      // The client's message may hold the password.
      throw new CaxtonError(
        "invalid-argument",
        `'${withoutSecrets(this.#url)}' is no connection string: kurrentdb://user:password@host:2113?tls=true, or tls=false`,
      );
    }
  }
}

/** A connection string as it may be shown: no user, no password, no options. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/.*@/, "//").replace(/\?.*$/s, "");
}

/** An own deadline, since the client's does not hold. What was given up may still happen. @throws NoAnswer */
export async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${Math.round(timeoutMs)} ms`)), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
