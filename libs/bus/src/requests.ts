import { CaxtonError } from "@caxton/contracts/errors";
import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  type PermissionViolationError,
} from "@nats-io/transport-node";
import { mapError, type ErrorContext } from "./errors.ts";
import { Slots } from "./slots.ts";
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
  slot: number;
  /** Where its answer comes: names the slot, and who has it. */
  reply: string;
  readonly deadlineMs: number;
  /** May throw; what it throws is the request's failure. */
  readonly answered: (answer: Msg) => void;
  readonly reject: (error: CaxtonError) => void;
  readonly cancel: (() => void) | undefined;
}

interface Outgoing extends Publication {
  /** One that is not pending any more is not sent. Undefined where no answer is wanted. */
  readonly pending: Pending | undefined;
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
  readonly #pending = new Slots<Pending>();
  #subscribed = false;
  #requests = 0;
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
      const pending: Pending = {
        options,
        subject,
        slot: -1,
        reply: "",
        deadlineMs: performance.now() + timeoutMs,
        answered: (answer) => resolve(read(answer)),
        reject,
        cancel: signal === undefined ? undefined : () => this.#fail(pending, gaveUp(target)),
      };
      if (pending.cancel !== undefined) signal?.addEventListener("abort", pending.cancel);
      pending.slot = this.#pending.add(pending);
      this.#requests += 1;
      pending.reply = `${this.#prefix}${pending.slot.toString(36)}-${this.#requests.toString(36)}`;
      this.#wakeBefore(pending.deadlineMs);
      this.#push({ pending, subject, reply: pending.reply, headers, data });
    });
  }

  /** At most once, and nobody is told where it cannot be sent. */
  tell(subject: string, data: Uint8Array, reply: string): void {
    this.#push({ pending: undefined, subject, reply, headers: "", data });
  }

  /** Hands the client what waits to be sent. */
  flush(): void {
    const outgoing = this.#outgoing;
    if (outgoing.length === 0) return;
    this.#outgoing = [];
    this.#wire.publish(outgoing.filter((one) => this.#mayGo(one)));
  }

  #mayGo(outgoing: Outgoing): boolean {
    const { pending } = outgoing;
    if (pending !== undefined && this.#pending.at(pending.slot) !== pending) return false;
    try {
      this.#wire.require(outgoing);
      return true;
    } catch (error) {
      if (pending !== undefined) this.#fail(pending, error);
      return false;
    }
  }

  /** Everything in flight fails with this. */
  failAll(error: CaxtonError): void {
    for (const pending of this.#pending) this.#fail(pending, error);
  }

  /** The server said that this connection may not publish or subscribe there. */
  denied(error: PermissionViolationError): void {
    for (const pending of this.#pending) {
      if (pending.subject === error.subject || error.subject.startsWith(this.#prefix)) this.#fail(pending, error);
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
    // Reads as far as the dash.
    const pending = this.#pending.at(Number.parseInt(answer.subject.slice(this.#prefix.length), 36));
    if (pending === undefined || pending.reply !== answer.subject) return;
    if (answer.data.length === 0 && answer.headers?.code === 503) {
      this.#fail(pending, new errors.NoRespondersError(pending.subject));
      return;
    }
    try {
      pending.answered(answer);
      this.#forget(pending);
    } catch (error) {
      this.#fail(pending, error);
    }
  }

  #fail(pending: Pending, error: unknown): void {
    if (this.#forget(pending)) pending.reject(mapError(error, pending.options));
  }

  /** @returns false where it was forgotten before */
  #forget(pending: Pending): boolean {
    const { options, cancel, slot } = pending;
    if (cancel !== undefined) options.signal?.removeEventListener("abort", cancel);
    return this.#pending.remove(slot, pending);
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
    for (const pending of this.#pending) {
      if (pending.deadlineMs <= nowMs) this.#fail(pending, new errors.TimeoutError());
      else nextMs = Math.min(nextMs, pending.deadlineMs);
    }
    if (nextMs < Infinity) this.#wakeBefore(nextMs);
  }
}

function gaveUp(target: string): CaxtonError {
  return new CaxtonError("cancelled", `the caller gave up on ${target}`);
}
