import { CaxtonError } from "@caxton/contracts/errors";
import {
  createInbox,
  errors,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type PermissionViolationError,
} from "@nats-io/transport-node";
import { mapError, type ErrorContext } from "./errors.ts";

export interface RequestOptions extends ErrorContext {
  readonly timeoutMs: number;
  readonly headers?: MsgHdrs | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Pending extends ErrorContext {
  readonly deadlineMs: number;
  readonly subject: string;
  /** May throw; what it throws is the request's failure. */
  readonly answered: (answer: Msg) => void;
  readonly failed: (error: unknown) => void;
}

interface Outgoing {
  /** Of the pending request; one that is not pending any more is not sent. Undefined where no answer is wanted. */
  readonly id: number | undefined;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs | undefined;
}

/**
 * Requests and their answers over one subscription. The client's own request makes a timer, three promises and an error
 * with its stack for each, answered or not, and writes to the socket after each turn of its caller; here all share one
 * timer, and what a turn of the event loop sends goes out in one piece, in the order of the calls.
 */
export class Requests {
  readonly #nc: NatsConnection;
  readonly #prefix: string;
  readonly #pending = new Map<number, Pending>();
  #subscribed = false;
  #lastId = 0;
  #outgoing: Outgoing[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;

  constructor(nc: NatsConnection, inboxPrefix: string) {
    this.#nc = nc;
    this.#prefix = `${createInbox(inboxPrefix)}.`;
  }

  /** `read` makes the result out of the answer. @throws CaxtonError mapped, or what `read` throws */
  request<T>(subject: string, data: Uint8Array, options: RequestOptions, read: (answer: Msg) => T): Promise<T> {
    this.#subscribe();
    return new Promise((resolve, reject) => {
      const { operation, target, timeoutMs, signal, headers } = options;
      if (signal?.aborted === true) return reject(gaveUp(target));
      const id = (this.#lastId += 1);
      const cancel = (): void => this.#fail(id, gaveUp(target));
      signal?.addEventListener("abort", cancel);
      this.#pending.set(id, {
        operation,
        target,
        timeoutMs,
        subject,
        deadlineMs: performance.now() + timeoutMs,
        answered(answer) {
          signal?.removeEventListener("abort", cancel);
          resolve(read(answer));
        },
        failed(error) {
          signal?.removeEventListener("abort", cancel);
          reject(mapError(error, { operation, target, timeoutMs }));
        },
      });
      this.#wakeBefore(performance.now() + timeoutMs);
      this.#push({ id, subject, data, headers });
    });
  }

  /** At most once, and nobody is told where it cannot be sent. */
  tell(subject: string, data: Uint8Array): void {
    this.#push({ id: undefined, subject, data });
  }

  /** Hands the client what waits to be sent. */
  flush(): void {
    const outgoing = this.#outgoing;
    if (outgoing.length === 0) return;
    this.#outgoing = [];
    for (const { id, subject, data, headers } of outgoing) {
      if (id !== undefined && !this.#pending.has(id)) continue;
      const options = {
        ...(id === undefined ? {} : { reply: this.#prefix + id.toString(36) }),
        ...(headers === undefined ? {} : { headers }),
      };
      try {
        this.#nc.publish(subject, data, options);
      } catch (error) {
        if (id !== undefined) this.#fail(id, error);
      }
    }
  }

  /** Everything in flight fails with this. */
  failAll(error: CaxtonError): void {
    for (const id of this.#pending.keys()) this.#fail(id, error);
  }

  /** The server said that this connection may not publish or subscribe there. */
  denied(error: PermissionViolationError): void {
    for (const [id, { subject }] of this.#pending) {
      if (subject === error.subject || error.subject.startsWith(this.#prefix)) this.#fail(id, error);
    }
  }

  #push(outgoing: Outgoing): void {
    if (this.#outgoing.length === 0) setImmediate(() => this.flush());
    this.#outgoing.push(outgoing);
  }

  #subscribe(): void {
    if (this.#subscribed) return;
    this.#subscribed = true;
    this.#nc.subscribe(`${this.#prefix}*`, {
      callback: (error, answer) => {
        if (error === null) this.#receive(answer);
        else this.#subscribed = false;
      },
    });
  }

  #receive(answer: Msg): void {
    const id = Number.parseInt(answer.subject.slice(this.#prefix.length), 36);
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (answer.data.length === 0 && answer.headers?.code === 503) {
      pending.failed(new errors.NoRespondersError(pending.subject));
      return;
    }
    try {
      pending.answered(answer);
    } catch (error) {
      pending.failed(error);
    }
  }

  #fail(id: number, error: unknown): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.failed(error);
  }

  #wakeBefore(deadlineMs: number): void {
    if (deadlineMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = deadlineMs;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(deadlineMs - performance.now())));
    // What is waited for keeps the process alive by its connection.
    this.#timer.unref();
  }

  #expire(): void {
    const nowMs = performance.now();
    this.#timerAtMs = Infinity;
    let nextMs = Infinity;
    for (const [id, { deadlineMs }] of this.#pending) {
      if (deadlineMs <= nowMs) this.#fail(id, new errors.TimeoutError());
      else nextMs = Math.min(nextMs, deadlineMs);
    }
    if (nextMs < Infinity) this.#wakeBefore(nextMs);
  }
}

function gaveUp(target: string): CaxtonError {
  return new CaxtonError("cancelled", `the caller gave up on ${target}`);
}
