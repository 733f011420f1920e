import { CaxtonError } from "@caxton/contracts/errors";
import { AckPolicy, DeliverPolicy, ReplayPolicy, type ConsumerConfig, type ConsumerInfo } from "@nats-io/jetstream";
import type { Msg, Subscription } from "@nats-io/transport-node";
import type { Connection } from "./connection.ts";
import { parseDelivery, toStoredMessage } from "./delivered.ts";
import { encodeJson } from "./json.ts";
import { MessageQueue } from "./message-queue.ts";
import type { StoredMessage } from "./types.ts";

export interface SessionOptions {
  readonly stream: string;
  readonly fromSequence: number;
  readonly filterSubject?: string | undefined;
  /** The newest of each subject instead of everything; needs `filterSubject`. */
  readonly lastPerSubject?: boolean | undefined;
  readonly headersOnly?: boolean | undefined;
  /** Most messages on the way or waiting to be taken. */
  readonly window: number;
  /** As in `FollowOptions`. */
  readonly gatherMs?: number | undefined;
}

/** `caught-up`: at that moment the stream held nothing more that is wanted. */
export type SessionItem = StoredMessage | "caught-up";

const pullExpiresMs = 30_000;
const heartbeatMs = 2_000;
const silenceMs = 5_000;
const abandonedAfterMs = 60_000;

/**
 * One ephemeral pull consumer read in order: first with `no_wait`, so that the server itself says when there is nothing
 * more, then waiting for news. Whatever is not as it should be (a gap in the consumer's own sequence, silence, a lost
 * connection, a deleted consumer) ends it with `bus-unavailable`; the reader above opens another one.
 */
export class Session {
  readonly #connection: Connection;
  readonly #stream: string;
  readonly #consumer: string;
  readonly #window: number;
  readonly #gatherMs: number;
  readonly #inbox: string;
  readonly #queue = new MessageQueue<SessionItem>();
  readonly #subscription: Subscription;
  readonly #watchdog: NodeJS.Timeout;
  readonly #offStatus: () => void;
  #catchingUp = true;
  /** Of those that were there when the consumer was made, how many the server has neither given nor passed over. */
  #owed: number;
  #gathering: NodeJS.Timeout | undefined;
  #outstanding = 0;
  #consumerSequence = 0;
  #heardMs = performance.now();

  private constructor(
    connection: Connection,
    { name, num_pending: pending }: Pick<ConsumerInfo, "name" | "num_pending">,
    { stream, window, lastPerSubject = false, gatherMs = 0 }: SessionOptions,
  ) {
    this.#connection = connection;
    this.#stream = stream;
    this.#consumer = name;
    this.#owed = lastPerSubject ? pending : 0;
    this.#window = window;
    this.#gatherMs = gatherMs;
    this.#inbox = connection.newInbox();
    this.#subscription = connection.nc.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error !== null) this.#fail(`subscription ended: ${error.message}`);
        else this.#receive(message);
      },
    });
    this.#watchdog = setInterval(() => this.#checkSilence(), 1_000);
    this.#offStatus = connection.onStatus((status) => {
      if (status !== "connected") this.#fail(`the connection is ${status}`);
    });
    this.#pull();
  }

  static async open(connection: Connection, options: SessionOptions): Promise<Session> {
    const config: Partial<ConsumerConfig> = {
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: abandonedAfterMs * 1e6,
      ...(options.lastPerSubject === true
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: options.fromSequence }),
      ...(options.filterSubject === undefined ? {} : { filter_subject: options.filterSubject }),
      ...(options.headersOnly === true ? { headers_only: true } : {}),
    };
    const consumer = await connection.api(options.stream, (manager) => manager.consumers.add(options.stream, config));
    return new Session(connection, consumer, options);
  }

  /** The next ones in order; undefined after `close`. @throws CaxtonError `bus-unavailable` */
  async take(): Promise<readonly SessionItem[] | undefined> {
    this.#pull();
    return await this.#queue.takeAll();
  }

  /** May be called at any time and again. */
  close(): void {
    if (this.#queue.ended) return;
    this.#queue.end();
    this.#release();
    this.#connection.tell(`$JS.API.CONSUMER.DELETE.${this.#stream}.${this.#consumer}`);
  }

  #receive(message: Msg): void {
    this.#heardMs = performance.now();
    if (message.subject === this.#inbox) {
      this.#receiveStatus(message);
      return;
    }
    const info = parseDelivery(message.reply ?? "");
    this.#consumerSequence += 1;
    if (info.consumerSequence !== this.#consumerSequence) {
      this.#fail(`expected delivery ${this.#consumerSequence}, got ${info.consumerSequence}`);
      return;
    }
    this.#outstanding = Math.max(0, this.#outstanding - 1);
    this.#owed = Math.max(0, this.#owed - 1);
    this.#queue.push(toStoredMessage(message, info));
    if (this.#gatherMs > 0 && !this.#catchingUp) this.#gather();
    else this.#pull();
  }

  /** Nothing is asked for until there is more to have: the server hands out in one piece what it has then. */
  #gather(): void {
    this.#catchingUp = true;
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined;
      this.#pull();
    }, this.#gatherMs);
  }

  #receiveStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 100) return;
    if (code !== 404 && code !== 408) {
      this.#fail(`${code} ${message.headers?.description ?? ""}`);
      return;
    }
    if (this.#catchingUp) {
      this.#outstanding = 0;
      // One that was written again since: the server stops there and says that there is nothing, although more lies behind.
      if (this.#owed > 0) this.#owed -= 1;
      else {
        this.#catchingUp = false;
        this.#queue.push("caught-up");
      }
    } else {
      const left = message.headers?.get("Nats-Pending-Messages") ?? "";
      this.#outstanding = left === "" ? 0 : Math.max(0, this.#outstanding - Number(left));
    }
    this.#pull();
  }

  #pull(): void {
    const free = this.#window - this.#outstanding - this.#queue.length;
    if (this.#queue.ended || this.#gathering !== undefined || free < this.#window / 2) return;
    const isOneAtATime = this.#catchingUp || this.#gatherMs > 0;
    if (isOneAtATime && this.#outstanding > 0) return;
    if (this.#outstanding === 0) this.#heardMs = performance.now();
    // What waits for news in order to gather wants the first of them only.
    const batch = this.#catchingUp || this.#gatherMs === 0 ? free : 1;
    const request = this.#catchingUp
      ? { batch, no_wait: true }
      : { batch, expires: pullExpiresMs * 1e6, idle_heartbeat: heartbeatMs * 1e6 };
    this.#outstanding += batch;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#stream}.${this.#consumer}`;
    this.#connection.tell(subject, encodeJson(request), this.#inbox);
  }

  #checkSilence(): void {
    if (this.#outstanding === 0 || performance.now() - this.#heardMs < silenceMs) return;
    // What lies in the socket after this process stood still comes first.
    const heardMs = this.#heardMs;
    setImmediate(() => {
      if (this.#heardMs === heardMs) this.#fail(`nothing was heard for ${silenceMs} ms`);
    });
  }

  #fail(reason: string): void {
    if (this.#queue.ended) return;
    this.#queue.end(new CaxtonError("bus-unavailable", `reading stream ${this.#stream} was interrupted: ${reason}`));
    this.#release();
  }

  #release(): void {
    clearInterval(this.#watchdog);
    clearTimeout(this.#gathering);
    this.#offStatus();
    if (!this.#subscription.isClosed()) this.#subscription.unsubscribe();
  }
}
