import { CaxtonError } from "@caxton/contracts/errors";
import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  type PermissionViolationError,
} from "@nats-io/transport-node";
import { mapError, type ErrorContext } from "./errors.ts";
import { Wire, type Publication } from "./wire.ts";

export interface RequestOptions extends ErrorContext {
  readonly timeoutMs: number;
  /** As `Publication.headers`. */
  readonly headers?: string;
  readonly signal?: AbortSignal | undefined;
}

interface Pending {
  readonly options: RequestOptions;
  readonly subject: string;
  readonly deadlineMs: number;
  /** May throw; what it throws is the request's failure. */
  readonly answered: (answer: Msg) => void;
  readonly reject: (error: CaxtonError) => void;
  readonly cancel: (() => void) | undefined;
}

interface Outgoing extends Publication {
  /** Of the pending request; one that is not pending any more is not sent. Undefined where no answer is wanted. */
  readonly id: number | undefined;
}

/**
 * Requests and their answers over one subscription. The client's own request makes a timer, three promises and an error
 * with its stack for each, answered or not, and writes to the socket after each turn of its caller; here all share one
 * timer, and what a turn of the event loop sends goes out in one piece, in the order of the calls.
 */
export class Requests {
  readonly #nc: NatsConnection;
  readonly #wire: Wire;
  readonly #prefix: string;
  readonly #pending = new Map<number, Pending>();
  #subscribed = false;
  #lastId = 0;
  #outgoing: Outgoing[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;

  constructor(nc: NatsConnection, inboxPrefix: string) {
    this.#nc = nc;
    this.#wire = new Wire(nc);
    this.#prefix = `${createInbox(inboxPrefix)}.`;
  }

  /** `read` makes the result out of the answer. @throws CaxtonError mapped, or what `read` throws */
  request<T>(subject: string, data: Uint8Array, options: RequestOptions, read: (answer: Msg) => T): Promise<T> {
    this.#subscribe();
    return new Promise((resolve, reject) => {
      const { target, timeoutMs, signal, headers = "" } = options;
      if (signal?.aborted === true) return reject(gaveUp(target));
      const id = (this.#lastId += 1);
      const cancel = signal === undefined ? undefined : (): void => this.#fail(id, gaveUp(target));
      if (cancel !== undefined) signal?.addEventListener("abort", cancel);
      const deadlineMs = performance.now() + timeoutMs;
      const answered = (answer: Msg): void => resolve(read(answer));
      this.#pending.set(id, { options, subject, deadlineMs, answered, reject, cancel });
      this.#wakeBefore(deadlineMs);
      this.#push({ id, subject, reply: this.#prefix + id.toString(36), headers, data });
    });
  }

  /** At most once, and nobody is told where it cannot be sent. */
  tell(subject: string, data: Uint8Array): void {
    this.#push({ id: undefined, subject, reply: "", headers: "", data });
  }

  /** Hands the client what waits to be sent. */
  flush(): void {
    const outgoing = this.#outgoing;
    if (outgoing.length === 0) return;
    this.#outgoing = [];
    this.#wire.publish(outgoing.filter((one) => this.#mayGo(one)));
  }

  #mayGo(outgoing: Outgoing): boolean {
    const { id } = outgoing;
    if (id !== undefined && !this.#pending.has(id)) return false;
    try {
      this.#wire.require(outgoing);
      return true;
    } catch (error) {
      if (id !== undefined) this.#fail(id, error);
      return false;
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
    if (answer.data.length === 0 && answer.headers?.code === 503) {
      this.#fail(id, new errors.NoRespondersError(pending.subject));
      return;
    }
    try {
      pending.answered(answer);
      this.#forget(id, pending);
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #fail(id: number, error: unknown): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#forget(id, pending);
    pending.reject(mapError(error, pending.options));
  }

  #forget(id: number, { options, cancel }: Pending): void {
    this.#pending.delete(id);
    if (cancel !== undefined) options.signal?.removeEventListener("abort", cancel);
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
