import { CaxtonError } from "@caxton/contracts/errors";
import type { Msg } from "@nats-io/transport-node";
import type { Connection } from "./connection.ts";
import { parseDelivery } from "./delivered.ts";
import { fromNatsHeaders } from "./headers.ts";
import { encodeJson } from "./json.ts";
import { MessageQueue } from "./message-queue.ts";
import type { ConsumerSpec, Delivery, Headers } from "./types.ts";

const encoder = new TextEncoder();
const ack = encoder.encode("+ACK");
const nak = encoder.encode("-NAK");
const working = encoder.encode("+WPI");
const ackTimeoutMs = 5_000;
/** The server says at least twice a second that a waiting request is alive. */
const heartbeatMs = 500;
const silenceMs = 1_500;

/**
 * One pull request. Ends when all came or the server says that it expired; throws `bus-unavailable` when the server, its
 * consumer or its stream is gone. What arrived but was not taken by the loop goes back at once.
 */
export async function* fetchDeliveries(
  connection: Connection,
  consumer: ConsumerSpec,
  options: { readonly maxMessages: number; readonly expiresMs: number },
): AsyncGenerator<Delivery, void> {
  const { maxMessages, expiresMs } = options;
  const name = `${consumer.durable} of ${consumer.stream}`;
  await connection.connected(expiresMs);
  const queue = new MessageQueue<Delivery>();
  const inbox = connection.newInbox();
  let received = 0;
  let heardMs = performance.now();
  const fail = (reason: string): void =>
    queue.end(new CaxtonError("bus-unavailable", `fetching from consumer ${name}: ${reason}`));

  const subscription = connection.nc.subscribe(inbox, {
    callback: (error, message) => {
      heardMs = performance.now();
      if (error !== null) {
        fail(error.message);
      } else if (message.subject !== inbox) {
        queue.push(new Delivered(connection, message));
        received += 1;
        if (received === maxMessages) queue.end();
      } else {
        const code = message.headers?.code ?? 0;
        if (code === 404 || code === 408) queue.end();
        else if (code !== 100) fail(`${code} ${message.headers?.description ?? ""}`);
      }
    },
  });
  const beats = expiresMs >= 2 * heartbeatMs;
  const silence = beats ? silenceMs : expiresMs + 1_000;
  const watchdog = setInterval(() => {
    const heardBeforeMs = heardMs;
    if (performance.now() - heardMs < silence) return;
    // What lies in the socket after this process stood still comes first.
    setImmediate(() => {
      if (heardMs === heardBeforeMs) fail(`nothing was heard for ${silence} ms; is it still there?`);
    });
  }, silence / 4);
  const offStatus = connection.onStatus((status) => {
    if (status !== "connected") fail(`the connection is ${status}`);
  });

  let untaken: Delivery[] = [];
  try {
    const request = {
      batch: maxMessages,
      expires: expiresMs * 1e6,
      ...(beats ? { idle_heartbeat: heartbeatMs * 1e6 } : {}),
    };
    connection.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${consumer.stream}.${consumer.durable}`, encodeJson(request), {
      reply: inbox,
    });
    let taken: readonly Delivery[] | undefined;
    while ((taken = await queue.takeAll()) !== undefined) {
      untaken = taken.toReversed();
      for (let delivery = untaken.pop(); delivery !== undefined; delivery = untaken.pop()) yield delivery;
    }
  } finally {
    clearInterval(watchdog);
    offStatus();
    if (!subscription.isClosed()) subscription.unsubscribe();
    queue.end();
    for (const delivery of untaken) delivery.nak();
    for (const delivery of (await queue.takeAll().catch(() => undefined)) ?? []) delivery.nak();
  }
}

class Delivered implements Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  readonly sequence: number;
  readonly storedAtMs: number;
  readonly deliveryCount: number;
  readonly #connection: Connection;
  readonly #reply: string;

  constructor(connection: Connection, message: Msg) {
    const reply = message.reply ?? "";
    const { streamSequence, storedAtMs, deliveryCount } = parseDelivery(reply);
    this.subject = message.subject;
    this.data = message.data;
    this.headers = fromNatsHeaders(message.headers);
    this.sequence = streamSequence;
    this.storedAtMs = storedAtMs;
    this.deliveryCount = deliveryCount;
    this.#connection = connection;
    this.#reply = reply;
  }

  async ack(): Promise<boolean> {
    try {
      const options = { operation: "api", target: this.#reply, timeoutMs: ackTimeoutMs } as const;
      return await this.#connection.request(this.#reply, ack, options, () => true);
    } catch {
      // Whatever the cause: not confirmed, so it will come again.
      return false;
    }
  }

  /** Lost where the server is away, which ends in a redelivery all the same. */
  ackUnconfirmed(): void {
    this.#connection.tell(this.#reply, ack);
  }

  nak(delayMs = 0): void {
    const delayed = delayMs > 0 ? encoder.encode(`-NAK {"delay":${Math.round(delayMs * 1e6)}}`) : nak;
    this.#connection.tell(this.#reply, delayed);
  }

  working(): void {
    this.#connection.tell(this.#reply, working);
  }
}
