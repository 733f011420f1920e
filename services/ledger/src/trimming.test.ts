import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, StreamInfo } from "@caxton/bus/types";
import { ledgerAnswer } from "@caxton/contracts/ledger";
import type { Outcome } from "@caxton/contracts/outcome";
import { retentionAnswer } from "@caxton/contracts/retention";
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
  retentionSubject,
  routeBucket,
} from "@caxton/contracts/subjects";
import { createLogger } from "@caxton/telemetry/logger";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startNatsServer, type NatsServer } from "../../../tests/harness/nats-server.ts";
import type { TrimSettings } from "./core/trim-plan.ts";
import { startLedger } from "./service.ts";

let server: NatsServer;
let bus: Bus;
const log = createLogger({ service: "ledger", id: "test", level: "silent" });
const patience = { timeout: 15_000, interval: 20 };
vi.setConfig({ testTimeout: 60_000 });

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

/** The bus keeps the order of the calls. */
async function inOrder(count: number, store: (sequence: number) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => store(index + 1)));
}

async function accept(agent: string, count: number): Promise<void> {
  await inOrder(count, () => bus.store(inboxSubject(agent), new Uint8Array(1)));
}

type Change = Partial<Pick<Outcome, "outputs" | "decidedAtMs">>;

async function decide(
  agent: string,
  epoch: string,
  sequence: number,
  isLetter: boolean,
  change: Change = {},
): Promise<void> {
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
    ...change,
    ...(isLetter ? { deadLetter: { code: "agent-failure", reason: "no", headers: {}, bodyBase64: "" } } : {}),
  };
  await bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcome));
}

async function relayed(agent: string, lane: string, outcomeSequence: number): Promise<void> {
  const outcomeEpochMs = Math.trunc((await infoOf(outcomeStream(agent))).createdAtMs);
  const checkpoint = { outcomeEpochMs, outcomeSequence };
  await (await bus.kv(relayBucket)).put(`${agent}.${lane}`, encodeJson(checkpoint));
}

async function outcomesLeft(agent: string): Promise<readonly number[]> {
  const sequences: number[] = [];
  for await (const { sequence } of bus.streams.read(outcomeStream(agent))) sequences.push(sequence);
  return sequences;
}

async function kept(agent: string) {
  const { data } = await bus.request(retentionSubject(agent), new Uint8Array(), { timeoutMs: 5_000 });
  const answer = retentionAnswer.check(decodeJson(data));
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.kept;
}

test("a lane that is behind keeps what says something to it, and nothing else; when it has passed that goes too", async () => {
  const agent = "fans";
  const count = 300;
  const epoch = await ensureAgentStreams(bus, agent);
  await accept(agent, count);
  await inOrder(count, (sequence) => {
    const output = { kind: "note", body: "1" };
    const outputs = sequence % 100 === 0 ? [{ ...output, to: "attic" }, output] : sequence % 2 === 0 ? [output] : [];
    return decide(agent, epoch, sequence, false, { outputs });
  });
  await relayed(agent, "outbox", 250);
  await relayed(agent, "to.attic", 0);

  const day = 86_400_000;
  await using running = new AsyncDisposableStack();
  running.use(await startTrimming(agent, { inboxRetentionMs: 0, outcomeRetentionMs: 0, stepMax: 30 }));
  const unsaid = Array.from({ length: 25 }, (_, index) => 252 + 2 * index);
  await expect.poll(() => outcomesLeft(agent), patience).toEqual([100, 200, ...unsaid]);
  expect((await kept(agent)).outcomes).toMatchObject({
    keptMs: 0,
    pressed: false,
    holds: [{ kind: "lane", by: "attic", sequence: 1 }],
  });
  await relayed(agent, "outbox", count);
  await expect.poll(() => outcomesLeft(agent), patience).toEqual([100, 200, 300]);
  await relayed(agent, "to.attic", 199);
  await expect.poll(() => outcomesLeft(agent), patience).toEqual([200, 300]);
  await relayed(agent, "to.attic", count);
  await expect.poll(() => outcomesLeft(agent), patience).toEqual([]);
  expect(await kept(agent)).toEqual({
    inbox: { keptMs: 0, pressed: false, holds: [] },
    outcomes: { keptMs: 0, pressed: false, holds: [] },
    outbox: { keptMs: 7 * day, pressed: false, holds: [] },
  });
});

test("where room is short, what is handled goes; a dead letter stays until it was sent again, and its record goes with it", async () => {
  const agent = "pressed";
  const count = 200;
  const epoch = await ensureAgentStreams(bus, agent, { outcomesMaxBytes: 200_000 });
  await accept(agent, count);
  await inOrder(count, (sequence) => decide(agent, epoch, sequence, sequence % 50 === 0));
  await relayed(agent, "outbox", count);
  const records = await bus.kv(resendBucket);
  const record = { attempt: 1, actor: "ann", reason: "", atMs: 1, toEpoch: epoch, beyond: 200, sequence: 201 };
  for (const sequence of [50, 150]) await records.create(resendKey(agent, epoch, sequence), encodeJson(record));
  await records.create(resendKey(agent, epoch, 100), encodeJson({ ...record, sequence: undefined }));

  await using running = new AsyncDisposableStack();
  running.use(await startTrimming(agent, { pressedRetentionMs: 0, stepMax: 30, pressureShare: 0.001 }));
  await expect.poll(() => outcomesLeft(agent), patience).toEqual([100, 200]);
  await expect.poll(() => records.keys(`${agent}.*.*`), patience).toEqual([resendKey(agent, epoch, 100)]);
  expect((await infoOf(inboxStream(agent))).messages).toBe(0);
  const { data } = await bus.request(ledgerSubject(agent), new Uint8Array(), { timeoutMs: 5_000 });
  const ledger = { accepted: count, handled: 196, deadLettered: 4, pending: 0, faults: [] };
  expect(ledgerAnswer.check(decodeJson(data))).toMatchObject({ ok: true, ledger });
});

test("an outbox is shortened as far as its durable consumers have read, and its last message stays", async () => {
  const agent = "spoken";
  await ensureAgentStreams(bus, agent);
  await inOrder(100, () => bus.store(outboxSubject(agent, "note"), new Uint8Array(100)));
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
  await inOrder(100, () => bus.store(outboxSubject(agent, "note"), new Uint8Array(1_000)));
  await using running = new AsyncDisposableStack();
  running.use(await startTrimming(agent, { outboxKeptMaxBytes: 20_000, stepMax: 15 }));
  await expect.poll(async () => (await infoOf(outboxStream(agent))).bytes, patience).toBeLessThanOrEqual(20_000);
  expect((await infoOf(outboxStream(agent))).messages).toBeGreaterThan(10);
});
