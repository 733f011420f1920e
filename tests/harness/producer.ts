import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";

export interface ProducerOptions {
  readonly url: string;
  readonly agent: string;
  /** Message bodies, sent in turn and from the beginning again; `item` is put into each, counting from 0. */
  readonly bodies: readonly string[];
  readonly perSecond: number;
  /** A message whose ack did not come is sent again under its own id, as the bus would have it; under a new one unless given. */
  readonly keepsIds?: boolean;
  /** `event` unless given. */
  readonly kind?: string;
}

/** A message that the bus said it has. */
export interface Acknowledged {
  readonly sequence: number;
  readonly messageId: string;
}

export interface Producer {
  readonly acknowledged: readonly Acknowledged[];
  /** Publishing attempts that got no ack; each was made again, under a new id unless `keepsIds`, so the message may be there twice. */
  readonly unacknowledged: number;
  /** Resolves when so many are acknowledged. */
  reached(count: number): Promise<void>;
  /** Resolves when every ack that the server had sent by now is counted. */
  flush(): Promise<void>;
  /** Starts nothing new; resolves when all that was begun is acknowledged. */
  stop(): Promise<void>;
}

const tickMs = 10;
const inFlightMax = 1_000;
const ackTimeoutMs = 2_000;

/** The bodies of the earthquake catalogue, one JSON object each. */
export async function readCatalogue(): Promise<readonly string[]> {
  const text = await readFile(new URL("../../examples/data/earthquakes.jsonl", import.meta.url), "utf8");
  return text.split("\n").filter((line) => line !== "");
}

/** Publishes at a steady rate and counts only what the bus acknowledged, through any loss of the server. */
export async function startProducer(options: ProducerOptions): Promise<Producer> {
  const { agent, bodies, perSecond, keepsIds = false, kind = "event" } = options;
  const connection = await connect({
    servers: options.url,
    name: "producer",
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  const client = jetstream(connection);
  const acknowledged: Acknowledged[] = [];
  const inFlight = new Set<Promise<void>>();
  const waiting = new Map<number, () => void>();
  const run = crypto.randomUUID().slice(0, 8);
  let unacknowledged = 0;
  const stopping = new AbortController();

  async function deliver(item: number): Promise<void> {
    const body = (bodies[item % bodies.length] ?? "").replace("{", `{"item":${item},`);
    for (let attempt = 1; ; attempt++) {
      const messageId = `${run}/${item}/${keepsIds ? 1 : attempt}`;
      const said = headers();
      said.set("Caxton-Kind", kind);
      try {
        const publishing = { msgID: messageId, headers: said, timeout: ackTimeoutMs };
        const ack = await client.publish(`caxton.inbox.${agent}`, body, publishing);
        acknowledged.push({ sequence: ack.seq, messageId });
        waiting.get(acknowledged.length)?.();
        return;
      } catch {
        unacknowledged += 1;
        await delay(tickMs * 5);
      }
    }
  }

  async function produce(): Promise<void> {
    let item = 0;
    let allowance = 0;
    let beforeMs = performance.now();
    while (!stopping.signal.aborted) {
      await delay(tickMs);
      const nowMs = performance.now();
      // What an outage held back is not made up for: the rate stays what it is.
      allowance = Math.min(allowance + ((nowMs - beforeMs) / 1_000) * perSecond, perSecond / 5);
      beforeMs = nowMs;
      for (; allowance >= 1 && inFlight.size < inFlightMax; allowance--) {
        const one = deliver(item++).finally(() => inFlight.delete(one));
        inFlight.add(one);
      }
    }
  }

  const producing = produce();
  return {
    acknowledged,
    get unacknowledged() {
      return unacknowledged;
    },
    async reached(count) {
      if (acknowledged.length < count) await new Promise<void>((resolve) => waiting.set(count, resolve));
    },
    async flush() {
      await connection.flush();
      // The acks that came before the answer are counted by their own promises.
      await delay(tickMs);
    },
    async stop() {
      stopping.abort();
      await producing;
      await Promise.all(inFlight);
      await connection.close();
    },
  };
}
