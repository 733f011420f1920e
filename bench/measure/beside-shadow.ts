import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import { shadowRecord, type ShadowReport } from "@caxton/contracts/shadow";
import { inboxStream, outcomeStream, shadowKey, shadowReportBucket } from "@caxton/contracts/subjects";
import { jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { agent, type CanaryCluster, startCanaryCluster } from "./canary-cluster.ts";
import { percentile } from "./statistics.ts";

/** The shadow has caught up by then, and what is hot in it is compiled. */
const shadowWarmUpMs = 10_000;

export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The live version's latencies with and without a shadow on all of its messages, one pair after the other. */
export interface ShadowPair {
  readonly alone: Latencies;
  readonly beside: Latencies;
  /** How far the shadow came: it is no use to measure one that does nothing. */
  readonly compared: number;
  readonly behindMs: number;
}

/** From when the bus stored a message to when it stored its outcome, by nats-server's clock. */
export async function pairsBesideShadow(
  perSecond: number,
  pairs: number,
  durationMs: number,
): Promise<readonly ShadowPair[]> {
  await using cluster = await startCanaryCluster(["shadow"]);
  const producer = await cluster.produce(perSecond);
  const found: ShadowPair[] = [];
  const alone = async (): Promise<Latencies> => {
    const fromMs = Date.now();
    await delay(durationMs);
    return await latenciesBetween(cluster, fromMs, Date.now());
  };
  const beside = async () => {
    const shadow = await cluster.shadow();
    await delay(shadowWarmUpMs);
    const before = await reportOf(cluster, shadow);
    const latencies = await alone();
    const after = await reportOf(cluster, shadow);
    await cluster.abort(shadow);
    return {
      latencies,
      compared: (after?.messages.compared ?? 0) - (before?.messages.compared ?? 0),
      behindMs: after?.behind.ms ?? Number.NaN,
    };
  };
  for (let pair = 0; pair < pairs; pair += 1) {
    // Who goes first alternates, so that what the machine did meanwhile touches both.
    const first = pair % 2 === 0 ? await alone() : undefined;
    const { latencies, ...shadow } = await beside();
    found.push({ alone: first ?? (await alone()), beside: latencies, ...shadow });
  }
  await producer.stop();
  return found;
}

/** Of the messages that were decided in that time. */
async function latenciesBetween({ url }: CanaryCluster, fromMs: number, toMs: number): Promise<Latencies> {
  const connection = await connect({ servers: url });
  try {
    const from = new Date(fromMs).toISOString();
    const outcomes = await storedIn(connection, outcomeStream(agent), { opt_start_time: from });
    const decided = outcomes
      .filter(({ storedMs }) => storedMs < toMs)
      .map(({ subject, storedMs }) => ({ sequence: Number(subject.split(".").at(-1)), storedMs }));
    const first = Math.min(...decided.map(({ sequence }) => sequence));
    const accepted = await storedIn(connection, inboxStream(agent), { opt_start_seq: first });
    const acceptedMs = new Map(accepted.map(({ sequence, storedMs }) => [sequence, storedMs]));
    const latenciesMs = decided.map(({ sequence, storedMs }) => storedMs - (acceptedMs.get(sequence) ?? Number.NaN));
    return { p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) };
  } finally {
    await connection.close();
  }
}

interface Stored {
  readonly subject: string;
  readonly sequence: number;
  readonly storedMs: number;
}

/** With the server's own time, which is finer than a millisecond. */
async function storedIn(
  connection: NatsConnection,
  stream: string,
  from: { readonly opt_start_time: string } | { readonly opt_start_seq: number },
): Promise<readonly Stored[]> {
  const consumer = await jetstream(connection).consumers.get(stream, { ...from, headers_only: true });
  const found: Stored[] = [];
  for await (const { subject, seq, info } of await consumer.consume({ max_messages: 1_000 })) {
    found.push({ subject, sequence: seq, storedMs: Number(BigInt(info.timestampNanos) / 1_000n) / 1_000 });
    if (info.pending === 0) break;
  }
  return found;
}

async function reportOf({ bus }: CanaryCluster, deployment: string): Promise<ShadowReport | undefined> {
  const entry = await (await bus.kv(shadowReportBucket)).get(shadowKey(agent, deployment));
  return entry && shadowRecord.check(decodeJson(entry.value)).report;
}
