import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, StreamInfo } from "@caxton/bus/types";
import { ledgerAnswer } from "@caxton/contracts/ledger";
import type { Outcome } from "@caxton/contracts/outcome";
import {
  inboxStream,
  inboxSubject,
  ledgerSubject,
  outboxStream,
  outboxSubject,
  outcomeStream,
  outcomeSubject,
  relayBucket,
  resendBucket,
  resendKey,
  routeBucket,
} from "@caxton/contracts/subjects";
import { createLogger } from "@caxton/telemetry/logger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNatsServer, type NatsServer } from "../../../tests/harness/nats-server.ts";
import type { TrimSettings } from "./core/trim-plan.ts";
import { startLedger } from "./service.ts";

let server: NatsServer;
let bus: Bus;
const log = createLogger({ service: "ledger", id: "test", level: "silent" });
const patience = { timeout: 15_000, interval: 20 };

beforeAll(async () => {
  server = await startNatsServer();
  bus = await connectBus({ url: server.url, name: "trimming-test" });
});
afterAll(async () => {
  await bus.close();
  await server.stop();
});

async function infoOf(stream: string): Promise<StreamInfo> {
  const info = await bus.streams.info(stream);
  if (info === undefined) throw new Error(`no stream ${stream}`);
  return info;
}

async function startTrimming(agent: string, trimming: Partial<TrimSettings>) {
  const ledger = await startLedger({ bus, log, id: `ledger-${agent}`, trimming, trimEveryMs: 50 });
  await (await bus.kv(routeBucket)).put(agent, encodeJson({ agent, revision: 1, targets: [], closed: [] }));
  return { ...ledger, [Symbol.asyncDispose]: () => ledger.close() };
}

async function decide(agent: string, epoch: string, sequence: number, isLetter: boolean): Promise<void> {
  const outcome: Outcome = {
    schemaVersion: 1,
    agent,
    epoch,
    sequence,
    messageId: String(sequence),
    result: isLetter ? "dead-lettered" : "handled",
    attempts: [],
    outputs: [],
    hops: 0,
    receivedAtMs: 1,
    decidedAtMs: Date.now() - 60_000,
    ...(isLetter ? { deadLetter: { code: "agent-failure", reason: "no", headers: {}, bodyBase64: "" } } : {}),
  };
  await bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcome));
}

test("where room is short, what is handled goes; a dead letter stays until it was sent again, and its record goes with it", async () => {
  const agent = "pressed";
  const count = 200;
  const epoch = await ensureAgentStreams(bus, agent, { outcomesMaxBytes: 200_000 });
  for (let sequence = 1; sequence <= count; sequence += 1) {
    await bus.store(inboxSubject(agent), new Uint8Array(1));
    await decide(agent, epoch, sequence, sequence % 50 === 0);
  }
  const outcomes = await infoOf(outcomeStream(agent));
  const outcomeEpochMs = Math.trunc(outcomes.createdAtMs);
  const relayed = { outcomeEpochMs, outcomeSequence: count };
  await (await bus.kv(relayBucket)).put(`${agent}.outbox`, encodeJson(relayed));
  const records = await bus.kv(resendBucket);
  const record = { attempt: 1, actor: "ann", reason: "", atMs: 1, toEpoch: epoch, beyond: 200, sequence: 201 };
  for (const sequence of [50, 150]) await records.create(resendKey(agent, epoch, sequence), encodeJson(record));
  await records.create(resendKey(agent, epoch, 100), encodeJson({ ...record, sequence: undefined }));

  await using running = new AsyncDisposableStack();
  running.use(await startTrimming(agent, { pressedRetentionMs: 0, stepMax: 30, pressureShare: 0.001 }));
  const left = async (): Promise<readonly number[]> => {
    const sequences: number[] = [];
    for await (const { sequence } of bus.streams.read(outcomeStream(agent))) sequences.push(sequence);
    return sequences;
  };
  await expect.poll(left, patience).toEqual([100, 200]);
  await expect.poll(() => records.keys(`${agent}.*.*`), patience).toEqual([resendKey(agent, epoch, 100)]);
  expect((await infoOf(inboxStream(agent))).messages).toBe(0);
  const { data } = await bus.request(ledgerSubject(agent), new Uint8Array(), { timeoutMs: 5_000 });
  const ledger = { accepted: count, handled: 196, deadLettered: 4, pending: 0, faults: [] };
  expect(ledgerAnswer.check(decodeJson(data))).toMatchObject({ ok: true, ledger });
});

test("an outbox is shortened as far as its durable consumers have read, and its last message stays", async () => {
  const agent = "spoken";
  await ensureAgentStreams(bus, agent);
  for (let index = 0; index < 100; index += 1) await bus.store(outboxSubject(agent, "note"), new Uint8Array(100));
  const outbox = outboxStream(agent);
  const consumer = await bus.streams.consumer({
    stream: outbox,
    durable: "billing",
    ackWaitMs: 5_000,
    maxAckPending: 99,
  });
  for await (const delivery of consumer.fetch({ maxMessages: 40, expiresMs: 2_000 })) await delivery.ack();

  await using running = new AsyncDisposableStack();
  running.use(await startTrimming(agent, { outboxRetentionMs: 0, stepMax: 15 }));
  await expect.poll(async () => (await infoOf(outbox)).firstSequence, patience).toBe(41);
  for await (const delivery of consumer.fetch({ maxMessages: 60, expiresMs: 2_000 })) await delivery.ack();
  await expect.poll(async () => (await infoOf(outbox)).messages, patience).toBe(1);
  expect(await infoOf(outbox)).toMatchObject({ firstSequence: 100, lastSequence: 100 });
});

test("an outbox keeps no more bytes than it may", async () => {
  const agent = "verbose";
  await ensureAgentStreams(bus, agent);
  for (let index = 0; index < 100; index += 1) await bus.store(outboxSubject(agent, "note"), new Uint8Array(1_000));
  await using running = new AsyncDisposableStack();
  running.use(await startTrimming(agent, { outboxKeptMaxBytes: 20_000, stepMax: 15 }));
  await expect.poll(async () => (await infoOf(outboxStream(agent))).bytes, patience).toBeLessThanOrEqual(20_000);
  expect((await infoOf(outboxStream(agent))).messages).toBeGreaterThan(10);
});
