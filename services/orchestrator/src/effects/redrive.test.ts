import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { epochOf, type Outcome } from "@caxton/contracts/outcome";
import { emptyTally, type RedriveRecord, redriveRecord } from "@caxton/contracts/redrive";
import {
  header,
  inboxStream,
  inboxSubject,
  outcomeStream,
  outcomeSubject,
  redriveBucket,
  redriveKey,
  resentSubject,
  routerConsumer,
} from "@caxton/contracts/subjects";
import type { Report } from "@caxton/deployment/command";
import type { Redrive, RedriveTally } from "@caxton/deployment/redrive";
import { type Deployment, initialState } from "@caxton/deployment/state";
import { directPlan } from "@caxton/deployment/strategy";
import { createLogger } from "@caxton/telemetry/logger";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsServer, startNatsServer } from "../../../../tests/harness/nats-server.ts";
import { RouteWriter } from "../adapters/route-writer.ts";
import type { EffectContext } from "./effect-context.ts";
import { redrive } from "./redrive.ts";

const deployment = "5f1c6c52-5f0e-4c39-9a68-0f5d3b1c9e21";
const bad = "proc-v2-bbbbb";
let server: NatsServer;
let bus: Bus;
let agents = 0;
beforeAll(async () => {
  server = await startNatsServer();
  bus = await connectBus({ url: server.url, name: "redrive-test" });
});
afterAll(async () => {
  await bus.close();
  await server.stop();
});

interface Agent {
  readonly agent: string;
  readonly epoch: string;
  readonly outcomeEpochMs: number;
}

/** An agent whose bad version handled the even messages of so many, and whose router has taken all. */
async function agentWith(count: number, failed: readonly number[] = []): Promise<Agent> {
  agents += 1;
  const agent = `agent-${agents}`;
  await ensureAgentStreams(bus, agent);
  const info = await bus.streams.info(inboxStream(agent));
  const outcomes = await bus.streams.info(outcomeStream(agent));
  const epoch = epochOf(info?.createdAtMs ?? 0);
  for (let sequence = 1; sequence <= count; sequence += 1) {
    await bus.store(inboxSubject(agent), Buffer.from(`{"n":${sequence}}`), { headers: { [header.kind]: "event" } });
    const version = sequence % 2 === 0 ? bad : "proc-v1-aaaaa";
    const outcome = outcomeOf(agent, epoch, sequence, version, failed.includes(sequence));
    await bus.store(outcomeSubject(agent, epoch, sequence), encodeJson(outcome));
  }
  const spec = { stream: inboxStream(agent), durable: routerConsumer(epoch), ackWaitMs: 60_000, maxAckPending: 10_000 };
  const consumer = await bus.streams.consumer(spec);
  for await (const delivery of consumer.fetch({ maxMessages: count, expiresMs: 5_000 })) await delivery.ack();
  return { agent, epoch, outcomeEpochMs: outcomes?.createdAtMs ?? 0 };
}

function outcomeOf(agent: string, epoch: string, sequence: number, version: string, isLetter: boolean): Outcome {
  const letter = {
    code: "agent-failure",
    reason: "no",
    headers: { [header.kind]: "event" },
    bodyBase64: Buffer.from(`{"n":${sequence}}`).toString("base64"),
  };
  return {
    schemaVersion: 1,
    agent,
    epoch,
    sequence,
    messageId: String(sequence),
    result: isLetter ? "dead-lettered" : "handled",
    version,
    attempts: [{ version, routeRevision: 1, result: isLetter ? "failed" : "handled", latencyMs: 1 }],
    outputs: [],
    ...(isLetter ? { deadLetter: letter } : {}),
    hops: 0,
    receivedAtMs: 1,
    decidedAtMs: 2,
  };
}

const counted: { readonly version: string; readonly tally: RedriveTally }[] = [];

/** Carries the effect out until it ends. */
async function carryOut({ agent }: Agent, scope: Partial<Redrive> = {}): Promise<Report | undefined> {
  const asked: Redrive = {
    number: 1,
    actor: "ann",
    reason: "wrong",
    failedOnly: false,
    state: "going",
    startedAtMs: 5,
    ...scope,
  };
  const limits = { memoryMaxBytes: 1, messageTimeoutMs: 1, startTimeoutMs: 1, outputMaxBytes: 1, p99MaxMs: 1 };
  const back: Deployment = {
    deployment,
    agent,
    artifact: { digest: "d", sizeBytes: 1 },
    configuration: "{}",
    limits,
    fingerprint: "f",
    instances: 1,
    concurrency: 1,
    strategy: "direct",
    plan: directPlan(),
    state: "RolledBack",
    requestedAtMs: 1,
    actor: "ann",
    step: 3,
    stepStartedAtMs: 1,
    version: bad,
    processes: "gone",
    redrive: asked,
  };
  const context: EffectContext = {
    bus,
    routes: new RouteWriter(bus),
    log: createLogger({ service: "test", id: "test", level: "silent" }),
    agent,
    state: { ...initialState, deployments: { [deployment]: back } },
    trace: {},
    now: Date.now,
    streams: {},
    lifted: () => Promise.resolve(),
    redriven: (version, tally) => counted.push({ version, tally }),
    tell: () => Promise.reject(new Error("nothing is told here")),
    reportOf: () => Promise.reject(new Error("nobody asks for it here")),
    signal: new AbortController().signal,
  };
  return redrive({ kind: "redrive", key: "redrive", deployment, version: bad, number: asked.number }, context);
}

/** The sequences that inbox messages repeat. */
async function repeated({ agent }: Agent): Promise<readonly number[]> {
  const found: number[] = [];
  for await (const { headers } of bus.streams.read(inboxStream(agent), { headersOnly: true })) {
    const repeats = headers[header.repeats];
    if (repeats !== undefined) found.push(Number(repeats.split("/")[1]));
  }
  return found;
}

async function recordOf({ agent }: Agent): Promise<RedriveRecord | undefined> {
  const entry = await (await bus.kv(redriveBucket)).get(redriveKey(agent, deployment));
  return entry && redriveRecord.check(decodeJson(entry.value));
}

/** As one leaves it that was killed while it sent the batch up to a position. */
async function cutOff({ agent, epoch, outcomeEpochMs }: Agent, to: number, beyond: number): Promise<void> {
  const record: RedriveRecord = {
    number: 1,
    outcomeEpochMs,
    handledTo: 0,
    failedTo: 0,
    batch: { to, toEpoch: epoch, beyond },
    tally: { ...emptyTally },
    atMs: 1,
  };
  await (await bus.kv(redriveBucket)).create(redriveKey(agent, deployment), encodeJson(record));
}

const told = (number: number, tally: Partial<typeof emptyTally>): Report => ({
  type: "redrive-finished",
  deployment,
  number,
  tally: { ...emptyTally, ...tally },
});

describe("a redrive", () => {
  it("sends what the version handled and failed, once, with its own body and who wanted it", async () => {
    const one = await agentWith(10, [4]);
    counted.length = 0;
    expect(await carryOut(one)).toEqual(told(1, { redriven: 5 }));
    expect(counted).toEqual([{ version: bad, tally: { ...emptyTally, redriven: 5 } }]);
    expect((await repeated(one)).toSorted((a, b) => a - b)).toEqual([2, 4, 6, 8, 10]);
    const sent = await bus.streams.last(inboxStream(one.agent), resentSubject(one.agent, one.epoch, 6, 1));
    expect(Buffer.from(sent?.data ?? []).toString()).toBe('{"n":6}');
    expect(sent?.headers).toMatchObject({
      [header.kind]: "event",
      [header.repeats]: `${one.epoch}/6`,
      [header.repeatedBy]: "ann",
      [header.repeatReason]: "wrong",
    });
    expect(await carryOut(one, { number: 2 })).toEqual(told(2, {}));
    expect(await repeated(one)).toHaveLength(5);
  });

  it("goes on behind what a limited one and one of dead letters have done", async () => {
    const one = await agentWith(12, [4, 10]);
    expect(await carryOut(one, { limit: 2 })).toEqual(told(1, { redriven: 2 }));
    expect(await carryOut(one, { number: 2, failedOnly: true })).toEqual(told(2, { redriven: 1 }));
    expect((await repeated(one)).toSorted((a, b) => a - b)).toEqual([2, 4, 10]);
    expect(await carryOut(one, { number: 3 })).toEqual(told(3, { redriven: 3 }));
    expect((await repeated(one)).toSorted((a, b) => a - b)).toEqual([2, 4, 6, 8, 10, 12]);
  });

  it("that was cut off sends of its batch what is not there yet, and nothing else of it", async () => {
    const one = await agentWith(10);
    await cutOff(one, 8, 10);
    for (const sequence of [2, 6])
      await bus.store(resentSubject(one.agent, one.epoch, sequence, 1), Buffer.from("sent before"), {
        headers: { [header.repeats]: `${one.epoch}/${sequence}` },
      });
    expect(await carryOut(one)).toEqual(told(1, { redriven: 5 }));
    expect(await repeated(one)).toEqual([2, 6, 4, 8, 10]);
    expect(await recordOf(one)).toMatchObject({ handledTo: 10, failedTo: 10 });
    expect((await recordOf(one))?.batch).toBeUndefined();
  });

  it("that was cut off does not send what the inbox can no longer say of", async () => {
    const one = await agentWith(10);
    await cutOff(one, 6, 10);
    // What had been sent was handled, and is trimmed.
    await bus.store(resentSubject(one.agent, one.epoch, 2, 1), Buffer.from("sent before"));
    await bus.streams.purge(inboxStream(one.agent), { belowSequence: 12 });
    expect(await carryOut(one)).toEqual(told(1, { unknown: 3, gone: 2 }));
    expect(await repeated(one)).toEqual([]);
  });

  it("of dead letters alone leaves a batch that was cut off to the next of all", async () => {
    const one = await agentWith(8, [4]);
    await cutOff(one, 8, 8);
    expect(await carryOut(one, { number: 2, failedOnly: true })).toEqual(told(2, { redriven: 1 }));
    expect((await recordOf(one))?.batch).toMatchObject({ to: 8 });
    expect(await carryOut(one, { number: 3 })).toEqual(told(3, { redriven: 3 }));
    expect((await repeated(one)).toSorted((a, b) => a - b)).toEqual([2, 4, 6, 8]);
  });

  it("counts what the inbox no longer holds as gone; a dead letter holds its message itself", async () => {
    const one = await agentWith(10, [4]);
    await bus.streams.purge(inboxStream(one.agent), { belowSequence: 9 });
    expect(await carryOut(one)).toEqual(told(1, { redriven: 2, gone: 3 }));
    expect((await repeated(one)).toSorted((a, b) => a - b)).toEqual([4, 10]);
  });
});
