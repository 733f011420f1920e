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

/**
 * Publishes at a steady rate, whether or not anything comes of it (open loop), for `durationMs`.
 * Looks every millisecond what is due, which is the least that it makes them late.
 */
export async function publishSteadily(
  { url, inboxSubject }: Side,
  { perSecond, durationMs, firstN }: { perSecond: number; durationMs: number; firstN: number },
): Promise<SteadyLoad> {
  const connection = await connect({ servers: url });
  const none = headers();
  const startMs = performance.timeOrigin + performance.now();
  const dueMs: number[] = [];
  const lateMs: number[] = [];
  const total = Math.floor((perSecond * durationMs) / 1_000);
  while (dueMs.length < total) {
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
  return { dueMs, lateMs };
}
