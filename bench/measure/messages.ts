import { setTimeout as delay } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import type { Side } from "./side.ts";

const padding = "x".repeat(270);
const aheadMax = 512;
const tickMs = 1;

/** About 300 bytes. */
export const messageBody = (n: number): string => JSON.stringify({ n, padding });

/** Fills the inbox, each message acknowledged. */
export async function fill({ url, inboxSubject }: Side, count: number): Promise<void> {
  const connection = await connect({ servers: url });
  const client = jetstream(connection);
  for (let from = 0; from < count; from += aheadMax) {
    const part = Array.from({ length: Math.min(aheadMax, count - from) }, (_, at) => messageBody(from + at));
    await Promise.all(part.map((body) => client.publish(inboxSubject, body)));
  }
  await connection.close();
}

export interface SteadyLoad {
  /** When each message should have gone out, Unix ms, by its `n`. */
  readonly dueMs: readonly number[];
  /** By how much it went out later. */
  readonly lateMs: readonly number[];
}

/** A steady rate of messages, whether or not anything comes of them (open loop). */
export interface Publishing extends SteadyLoad {
  /** Resolves when all that was to be published has reached the server. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Looks every millisecond what is due, which is the least that it makes them late; until `total` or `stop`. */
export async function startPublishing(
  { url, inboxSubject }: Pick<Side, "url" | "inboxSubject">,
  { perSecond, firstN = 0, total = Infinity }: { perSecond: number; firstN?: number; total?: number },
): Promise<Publishing> {
  const connection = await connect({ servers: url });
  const none = headers();
  const startMs = performance.timeOrigin + performance.now();
  const dueMs: number[] = [];
  const lateMs: number[] = [];
  const stopping = new AbortController();
  async function publish(): Promise<void> {
    while (dueMs.length < total && !stopping.signal.aborted) {
      const elapsedMs = performance.timeOrigin + performance.now() - startMs;
      const wanted = Math.min(total, Math.floor((elapsedMs / 1_000) * perSecond) + 1);
      while (dueMs.length < wanted) {
        const afterMs = (dueMs.length / perSecond) * 1_000;
        connection.publish(inboxSubject, messageBody(firstN + dueMs.length), { headers: none });
        dueMs.push(startMs + afterMs);
        lateMs.push(performance.timeOrigin + performance.now() - startMs - afterMs);
      }
      await delay(tickMs);
    }
    await connection.flush();
    await connection.close();
  }
  const ended = publish();
  return {
    dueMs,
    lateMs,
    ended,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

export async function publishSteadily(
  side: Side,
  { perSecond, durationMs, firstN }: { perSecond: number; durationMs: number; firstN: number },
): Promise<SteadyLoad> {
  const total = Math.floor((perSecond * durationMs) / 1_000);
  const publishing = await startPublishing(side, { perSecond, firstN, total });
  await publishing.ended;
  return publishing;
}
