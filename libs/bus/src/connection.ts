import { CaxtonError } from "@caxton/contracts/errors";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { createInbox, errors, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { mapError, type ErrorContext } from "./errors.ts";
import { headerText, toNatsHeaders } from "./headers.ts";
import { Requests } from "./requests.ts";
import type { BusStatus, Headers } from "./types.ts";

export interface CallOptions extends ErrorContext {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly inboxPrefix: string;
  readonly apiTimeoutMs: number;
  readonly onError: (error: unknown) => void;
}

const noData = new Uint8Array();

/**
 * The client's connection with the two things it lacks: what is in flight when the server goes fails at once instead of
 * after its whole timeout, and what is begun while the server is away waits for it instead of being dropped.
 */
export class Connection {
  readonly nc: NatsConnection;
  readonly url: string;
  readonly manager: JetStreamManager;
  readonly apiTimeoutMs: number;
  /** Where errors go that no caller waits for. */
  readonly onError: (error: unknown) => void;
  readonly #inboxPrefix: string;
  readonly #requests: Requests;
  readonly #inFlight = new Set<(error: CaxtonError) => void>();
  readonly #listeners = new Set<(status: BusStatus) => void>();
  #status: BusStatus = "connected";

  private constructor(nc: NatsConnection, manager: JetStreamManager, options: ConnectionOptions) {
    this.nc = nc;
    this.manager = manager;
    this.url = options.url;
    this.apiTimeoutMs = options.apiTimeoutMs;
    this.onError = options.onError;
    this.#inboxPrefix = options.inboxPrefix;
    this.#requests = new Requests(nc, options.inboxPrefix);
    void this.#watch();
  }

  static async over(nc: NatsConnection, options: ConnectionOptions): Promise<Connection> {
    const manager = await jetstreamManager(nc, { checkAPI: false, timeout: options.apiTimeoutMs });
    return new Connection(nc, manager, options);
  }

  get status(): BusStatus {
    return this.#status;
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  newInbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  /** Sends at once (in call order) when connected; errors of `send` come out mapped. */
  call<T>(send: (timeoutMs: number) => Promise<T>, options: CallOptions): Promise<T> {
    if (this.#status === "connected") return this.#guard(send, options, options.timeoutMs);
    return this.#later(options, (timeoutMs) => this.#guard(send, options, timeoutMs));
  }

  /** `read` makes the result out of the answer. Requests go out in the order of the calls. */
  request<T>(
    subject: string,
    data: Uint8Array,
    options: CallOptions & { readonly headers?: Headers | undefined },
    read: (answer: Msg) => T,
  ): Promise<T> {
    const sent = { ...options, headers: headerText(options.headers) };
    if (this.#status === "connected") return this.#requests.request(subject, data, sent, read);
    return this.#later(sent, (timeoutMs) => this.#requests.request(subject, data, { ...sent, timeoutMs }, read));
  }

  /** Goes out with the requests of this turn; nobody is told where it is lost. */
  tell(subject: string, data: Uint8Array = noData, reply = ""): void {
    if (this.#status === "connected") this.#requests.tell(subject, data, reply);
  }

  /** Hands the client what waits for the end of this turn. */
  flushRequests(): void {
    this.#requests.flush();
  }

  /** At most once; lost where the server is away. @throws CaxtonError `message-too-large`, `invalid-argument`, `bus-unavailable` when closed */
  publish(subject: string, data: Uint8Array, headers?: Headers): void {
    this.requireSize(subject, data);
    const natsHeaders = toNatsHeaders(headers);
    try {
      this.nc.publish(subject, data, natsHeaders === undefined ? {} : { headers: natsHeaders });
    } catch (error) {
      throw mapError(error, { operation: "request", target: subject });
    }
  }

  /** @throws CaxtonError `message-too-large` */
  requireSize(subject: string, data: Uint8Array): void {
    const maxBytes = this.nc.info?.max_payload;
    if (maxBytes === undefined || data.length <= maxBytes) return;
    throw new CaxtonError(
      "message-too-large",
      `${data.length} bytes for ${subject}, the server takes ${maxBytes} at most`,
      {
        details: { bytes: data.length, maxBytes },
      },
    );
  }

  /** @throws CaxtonError `bus-unavailable` while the server is away */
  requireConnected(): void {
    if (this.#status !== "connected") throw this.#away("now");
  }

  /** A call to the JetStream API through the client's manager. */
  api<T>(target: string, send: (manager: JetStreamManager) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.call(() => send(this.manager), { operation: "api", target, timeoutMs: this.apiTimeoutMs, signal });
  }

  /** @throws CaxtonError `bus-unavailable` after the timeout or when closed, `cancelled` */
  async connected(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#status === "connected") return;
    const waiting = Promise.withResolvers<void>();
    const timer =
      timeoutMs === Infinity
        ? undefined
        : setTimeout(() => waiting.reject(this.#away(`for ${timeoutMs} ms`)), timeoutMs);
    const cancel = (): void =>
      waiting.reject(new CaxtonError("cancelled", "the caller gave up waiting for nats-server"));
    const off = this.onStatus((status) => {
      if (status === "connected") waiting.resolve();
      if (status === "closed") waiting.reject(this.#away("and this bus was closed"));
    });
    if (this.#status === "closed") waiting.reject(this.#away("and this bus was closed"));
    if (signal?.aborted === true) cancel();
    signal?.addEventListener("abort", cancel);
    try {
      await waiting.promise;
    } finally {
      off();
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    }
  }

  #guard<T>(send: (timeoutMs: number) => Promise<T>, options: CallOptions, timeoutMs: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const { signal } = options;
    const cancel = (): void => reject(new CaxtonError("cancelled", `the caller gave up on ${options.target}`));
    const forget = (): void => {
      this.#inFlight.delete(reject);
      signal?.removeEventListener("abort", cancel);
    };
    this.#inFlight.add(reject);
    if (signal?.aborted === true) cancel();
    signal?.addEventListener("abort", cancel);
    send(timeoutMs).then(
      (value) => {
        forget();
        resolve(value);
      },
      (error: unknown) => {
        forget();
        reject(mapError(error, options));
      },
    );
    return promise;
  }

  async #later<T>(options: CallOptions, send: (timeoutMs: number) => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    await this.connected(options.timeoutMs, options.signal);
    return await send(Math.max(1, options.timeoutMs - (performance.now() - startedMs)));
  }

  #away(how: string): CaxtonError {
    return new CaxtonError("bus-unavailable", `nats-server at ${this.url} is away ${how}: check that it runs`);
  }

  async #watch(): Promise<void> {
    for await (const event of this.nc.status()) {
      if (event.type === "disconnect") this.#become("disconnected");
      if (event.type === "reconnect") this.#become("connected");
      if (event.type === "error" && event.error instanceof errors.PermissionViolationError) {
        this.#requests.denied(event.error);
      }
      if (event.type === "error") this.onError(mapError(event.error, { operation: "api", target: "connection" }));
    }
    this.#become("closed");
  }

  #become(status: BusStatus): void {
    if (this.#status === "closed") return;
    this.#status = status;
    if (status !== "connected") {
      const lost = new CaxtonError(
        "bus-unavailable",
        `nats-server at ${this.url} went away; what was in flight may have been done all the same`,
      );
      this.#requests.failAll(lost);
      for (const reject of this.#inFlight) reject(lost);
      this.#inFlight.clear();
    }
    for (const listener of this.#listeners) listener(status);
  }
}
