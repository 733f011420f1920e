import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { encodeJson } from "@caxton/bus/json";
import { laneStatusTtlMs, type LaneStatus } from "@caxton/contracts/lane-status";
import { type Retention, retention } from "@caxton/contracts/retention";
import {
  inboxStream,
  inboxSubject,
  laneBucket,
  laneKey,
  outboxStream,
  outboxSubject,
  outcomeStream,
  outcomeSubject,
  relayBucket,
} from "@caxton/contracts/subjects";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLedger } from "../../services/ledger/src/service.ts";
import { historyOf, rolledOut } from "./deployment-history.ts";
import { type GatewayUnderTest, silent, startGatewayUnderTest } from "./gateway-harness.ts";

const agent = "proc";
const note = { kind: "note", body: "1" };

let under: GatewayUnderTest;
let epoch: string;
beforeAll(async () => {
  under = await startGatewayUnderTest();
  await under.append(agent, historyOf(rolledOut(agent, "0190a000-0000-7000-8000-00000000aaaa")));
});
afterAll(() => under[Symbol.asyncDispose]());

const read = async (): Promise<Retention> =>
  retention.check((await under.operations.getRetention({ agent: "pro" })).retention);

async function decide(sequence: number, to?: string): Promise<void> {
  const outcome = {
    schemaVersion: 1,
    agent,
    epoch,
    sequence,
    messageId: String(sequence),
    result: "handled",
    attempts: [],
    outputs: [to === undefined ? note : { ...note, to }],
    hops: 0,
    receivedAtMs: 1,
    decidedAtMs: Date.now(),
  };
  await under.bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcome));
}

test("an agent without streams keeps nothing", async () => {
  expect(await read()).toEqual({ agent, asOfMs: expect.any(Number) });
  await expect(under.operations.getRetention({ agent: "other" })).rejects.toThrow(/no agent 'other'/);
});

test("limits are those of the streams, also where no ledger says why they hold what they hold", async () => {
  const { bus } = under;
  epoch = await ensureAgentStreams(bus, agent);
  const made = await bus.streams.info(inboxStream(agent));
  if (made === undefined) throw new Error("no inbox");
  await bus.streams.ensure({ ...made.spec, maxBytes: -1, maxMessages: 777, maxMessageBytes: 9_999 });
  for (let sequence = 1; sequence <= 4; sequence += 1) await bus.store(inboxSubject(agent), new Uint8Array(10));
  const { inbox, outcomes, outbox, unexplained } = await read();
  expect(unexplained).toMatchObject({
    code: "service-unavailable",
    message: expect.stringContaining("no ledger answers"),
  });
  expect(inbox).toEqual({
    stream: inboxStream(agent),
    firstSequence: 1,
    lastSequence: 4,
    messages: 4,
    bytes: expect.any(Number),
    maxBytes: -1,
    maxMessages: 777,
    maxMessageBytes: 9_999,
    firstStoredAtMs: expect.any(Number),
  });
  expect(outcomes).toMatchObject({ stream: outcomeStream(agent), messages: 0 });
  expect(outbox).toMatchObject({ stream: outboxStream(agent), messages: 0, maxBytes: -1 });
});

test("streams that never held anything are kept for nothing", async () => {
  const { bus } = under;
  await ensureAgentStreams(bus, "fresh");
  await under.append("fresh", historyOf(rolledOut("fresh", "0190a000-0000-7000-8000-00000000bbbb")));
  const ledger = await startLedger({ bus, log: silent, id: "ledger" });
  try {
    const found = retention.check((await under.operations.getRetention({ agent: "fresh" })).retention);
    expect(found.unexplained).toBeUndefined();
    for (const stream of [found.inbox, found.outcomes, found.outbox]) expect(stream?.kept?.holds).toEqual([]);
  } finally {
    await ledger.close();
  }
});

test("a ledger says what keeps each stream, and the router what a lane waits for", async () => {
  const { bus } = under;
  await decide(1);
  await decide(2, "attic");
  await decide(4);
  const { createdAtMs } = (await bus.streams.info(outcomeStream(agent))) ?? { createdAtMs: 0 };
  const checkpoints = await bus.kv(relayBucket);
  const at = (outcomeSequence: number) => encodeJson({ outcomeEpochMs: Math.trunc(createdAtMs), outcomeSequence });
  await checkpoints.put(`${agent}.outbox`, at(3));
  await checkpoints.put(`${agent}.to.attic`, at(0));
  const waitsFor = { code: "unknown-agent", message: "attic has no inbox: was it ever deployed?", sinceMs: 1 };
  const lane: LaneStatus = {
    agent,
    router: "router-1",
    routeRevision: 1,
    state: "pulling",
    held: 0,
    versions: [],
    relay: [{ target: "attic", behind: 3, waitsFor }],
    atMs: Date.now(),
  };
  await (await bus.kv(laneBucket, { ttlMs: laneStatusTtlMs })).put(laneKey(agent, "router-1"), encodeJson(lane));
  for (let output = 1; output <= 3; output += 1) await bus.store(outboxSubject(agent, "note"), new Uint8Array(5));
  const reader = { stream: outboxStream(agent), durable: "billing", ackWaitMs: 5_000, maxAckPending: 9 };
  await bus.streams.consumer(reader);

  const trimming = { inboxRetentionMs: 3_600_000, outcomeRetentionMs: 0 };
  const ledger = await startLedger({ bus, log: silent, id: "ledger", trimming });
  try {
    const { inbox, outcomes, outbox } = await read();
    expect(inbox?.kept).toEqual({
      keptMs: 3_600_000,
      pressed: false,
      holds: [
        { kind: "young", sequence: 1, message: expect.stringMatching(/^what is done is kept for 60 min; 1 was /) },
      ],
    });
    expect(outcomes?.kept).toMatchObject({
      keptMs: 0,
      holds: [{ kind: "in-inbox", sequence: 1, message: "message 1 is still in the inbox" }],
    });
    expect(outbox?.kept?.holds).toMatchObject([
      { kind: "young" },
      { kind: "consumer", by: "billing", sequence: 1, message: expect.stringContaining("up to 0 of 3") },
    ]);
    await bus.streams.purge(inboxStream(agent), { belowSequence: 3 });
    const after = await read();
    expect(after.inbox?.kept?.holds).toMatchObject([{ kind: "undecided", sequence: 3 }]);
    expect(after.outcomes?.kept?.holds).toMatchObject([{ kind: "due", sequence: 1 }]);
    await bus.streams.purge(outcomeStream(agent), { belowSequence: 2 });
    expect((await read()).outcomes?.kept?.holds).toMatchObject([
      {
        kind: "lane",
        by: "attic",
        sequence: 1,
        message: expect.stringMatching(
          /up to 0 of 3, .* It waits: attic has no inbox: was it ever deployed\? \(unknown-agent\)$/,
        ),
      },
    ]);
  } finally {
    await ledger.close();
  }
});
