import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { publishSteadily } from "./messages.ts";
import type { Side } from "./side.ts";
import { percentile } from "./statistics.ts";

export interface LatencyPoint {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** By how much the generator itself was late, which is in the latencies too: from when a message was due to when it was sent. */
  readonly generatorP99Ms: number;
}

/** One side under a steady load: from when a message was due to when its output was stored, by the clock of the one machine. */
export async function latencyAt(
  side: Side,
  load: { perSecond: number; durationMs: number; firstN: number },
): Promise<LatencyPoint> {
  const { dueMs, lateMs } = await publishSteadily(side, load);
  await side.finished(load.firstN + dueMs.length);
  const latenciesMs: number[] = [];
  const connection = await connect({ servers: side.url });
  const consumer = await jetstream(connection).consumers.get(side.outputStream, { opt_start_seq: load.firstN + 1 });
  for await (const message of await consumer.consume({ max_messages: 1_000 })) {
    const { n } = message.json<{ n: number }>();
    const storedMs = Number(BigInt(message.info.timestampNanos) / 1_000n) / 1_000;
    latenciesMs.push(storedMs - (dueMs[n - load.firstN] ?? Number.NaN));
    if (message.info.pending === 0) break;
  }
  await connection.close();
  const { perSecond } = load;
  return {
    perSecond,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    generatorP99Ms: percentile(lateMs, 0.99),
  };
}
