import { setTimeout as delay } from "node:timers/promises";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, StreamInfo } from "@caxton/bus/types";
import { deadLettersAnswer } from "@caxton/contracts/dead-letters";
import { type Ledger, ledgerAnswer } from "@caxton/contracts/ledger";
import type { Outcome } from "@caxton/contracts/outcome";
import type { RelayCheckpoint } from "@caxton/contracts/placement";
import {
  deadLettersSubject,
  inboxStream,
  inboxSubject,
  ledgerSubject,
  outcomeStream,
  outcomeSubject,
  relayBucket,
  routeBucket,
} from "@caxton/contracts/subjects";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../harness/cluster.ts";

const agent = "trimmed";
const count = 6_000;
const letterEvery = 100;
const undecided = 5_500;

let cluster: Cluster;
let bus: Bus;
let epoch: string;

beforeAll(async () => {
  const env = {
    CAXTON_INBOX_RETENTION_MS: "0",
    CAXTON_OUTCOME_RETENTION_MS: "0",
    CAXTON_TRIM_EVERY_MS: "50",
  };
  cluster = await startCluster({ services: ["ledger", "ledger"], env });
  bus = await connectBus({ url: cluster.nats.url, name: "test" });
  epoch = await ensureAgentStreams(bus, agent);
}, 60_000);
afterAll(async () => {
  await bus.close();
  await cluster.stop();
}, 60_000);

async function infoOf(stream: string): Promise<StreamInfo> {
  const info = await bus.streams.info(stream);
  if (info === undefined) throw new Error(`no stream ${stream}`);
  return info;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 40_000;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not come about\n${cluster.logs()}`);
    await delay(20);
  }
}

async function ledger(): Promise<Ledger> {
  const { data } = await bus.request(ledgerSubject(agent), new Uint8Array(), { timeoutMs: 5_000 });
  const answer = ledgerAnswer.check(decodeJson(data));
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.ledger;
}

function outcomeOf(sequence: number): Outcome {
  const isLetter = sequence % letterEvery === 0;
  return {
    schemaVersion: 1,
    agent,
    epoch,
    sequence,
    messageId: `${epoch}/${sequence}`,
    result: isLetter ? "dead-lettered" : "handled",
    version: "trimmed-v1-00000",
    attempts: [],
    outputs: [],
    hops: 0,
    receivedAtMs: 1,
    decidedAtMs: 2,
    ...(isLetter ? { deadLetter: { code: "agent-failure", reason: "no", headers: {}, bodyBase64: "" } } : {}),
  };
}

async function inParallel(sequences: readonly number[], work: (sequence: number) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < sequences.length; at += 500) await Promise.all(sequences.slice(at, at + 500).map(work));
}

async function relayedTo(outcomeSequence: number): Promise<void> {
  const outcomeEpochMs = Math.trunc((await infoOf(outcomeStream(agent))).createdAtMs);
  const checkpoint: RelayCheckpoint = { outcomeEpochMs, outcomeSequence };
  await (await bus.kv(relayBucket)).put(`${agent}.outbox`, encodeJson(checkpoint));
}

const sequences = Array.from({ length: count }, (_, index) => index + 1);
/** Of the messages but the undecided one; the outcome of what lies above it stands one place lower. */
const decided = count - 1;
/** The undecided message would be one. */
const letters = count / letterEvery - 1;

describe("a ledger that is killed while it trims", { timeout: 120_000 }, () => {
  test("leaves what was not done, and the next one's account adds up", async () => {
    await inParallel(sequences, () => bus.store(inboxSubject(agent), new Uint8Array(20)));
    const done = sequences.filter((sequence) => sequence !== undecided);
    await inParallel(done, (sequence) =>
      bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcomeOf(sequence))),
    );
    await relayedTo(3_000);
    const route = { agent, revision: 1, targets: [], closed: [] };
    await (await bus.kv(routeBucket)).put(agent, encodeJson(route));

    const names = ["ledger", "ledger-2"];
    for (const step of [500, 1_500, 2_500]) {
      await until(`trimming beyond ${step}`, async () => (await infoOf(outcomeStream(agent))).firstSequence > step);
      // Whichever of the two it is that trims now, it goes in the middle of it; the other takes over.
      for (const name of names) {
        await cluster.kill(name);
        await cluster.restart(name);
      }
      const inbox = await infoOf(inboxStream(agent));
      expect(inbox.firstSequence).toBeLessThanOrEqual(undecided);
      expect((await infoOf(outcomeStream(agent))).firstSequence).toBeLessThanOrEqual(3_001);
      const found = await ledger();
      expect(found).toMatchObject({ accepted: count, pending: 1, oldestPending: undecided, faults: [] });
      expect(found).toMatchObject({ handled: decided - letters, deadLettered: letters, unreadOutcomes: 0 });
    }
    await until("the inbox trimmed", async () => (await infoOf(inboxStream(agent))).firstSequence === undecided);
    await until("the outcomes trimmed", async () => (await infoOf(outcomeStream(agent))).firstSequence === 3_001);
  });

  test("goes on when what held it back is done, to the end, and still knows what it counted", async () => {
    const last = await bus.store(
      outcomeSubject(agent, epoch, undecided),
      encodeJson({ ...outcomeOf(1), sequence: undecided }),
    );
    expect(last.sequence).toBe(count);
    await relayedTo(count);
    await until("everything trimmed", async () => (await infoOf(inboxStream(agent))).messages === 0);
    await until("all outcomes trimmed", async () => (await infoOf(outcomeStream(agent))).messages === 0);
    for (const name of ["ledger", "ledger-2"]) {
      await cluster.kill(name);
      await cluster.restart(name);
    }
    expect(await ledger()).toMatchObject({ accepted: count, pending: 0, faults: [], unreadOutcomes: 0 });
    const { data } = await bus.request(deadLettersSubject(agent), encodeJson({ limit: 1 }), { timeoutMs: 5_000 });
    expect(deadLettersAnswer.check(decodeJson(data))).toMatchObject({ ok: true, total: 0 });
  });
});
