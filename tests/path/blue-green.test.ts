import process from "node:process";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { AgentLogBatch } from "@caxton/contracts/agent-log";
import type { DeployCommand } from "@caxton/contracts/command-message";
import { Outcome } from "@caxton/contracts/outcome";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import {
  inboxStream,
  logSubject,
  outboxStream,
  outcomeStream,
  slotBucket,
  versionKey,
} from "@caxton/contracts/subjects";
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import {
  type DeploymentFact,
  deploymentFacts,
  publishCommand,
  publishDeploy,
  uploadArtifact,
} from "../harness/deployer.ts";
import { startProducer, type Producer } from "../harness/producer.ts";

const services = ["orchestrator", "validator", "agent-host", "router", "ledger"];
const bodies = Array.from({ length: 1_000 }, (_, n) => JSON.stringify({ n }));
const ends = ["DeploymentCompleted", "DeploymentRolledBack", "DeploymentFailed", "ValidationFailed"];
const outcome = checker("outcome", Outcome);
const logBatch = checker("log", AgentLogBatch);
const slotStatus = checker("slot", SlotStatus);

let cluster: Cluster;
let bus: Bus;
let digest: string;

beforeAll(async () => {
  cluster = await startCluster({ services });
  bus = await connectBus({ url: cluster.nats.url, name: "tests" });
  digest = await uploadArtifact(bus, await buildFixture("faulty"));
});
afterAll(async () => {
  await bus.close();
  await cluster.stop();
});

const blueGreen = (configuration: object, times: DeployCommand["blueGreen"] = {}): Partial<DeployCommand> => ({
  strategy: "blue-green",
  configuration,
  blueGreen: { warmUpMs: 20_000, ...times },
});
const types = (facts: readonly DeploymentFact[]): string[] => facts.map(({ type }) => type);

async function until(agent: string, deployment: string, ...events: string[]): Promise<readonly DeploymentFact[]> {
  return deploymentFacts(bus, agent, deployment, events.length === 0 ? ends : events, 30_000).catch((error: Error) => {
    throw new Error(`${error.message}\n${cluster.logs()}`);
  });
}

/** A stable version under traffic, with some history behind it. */
async function running(agent: string): Promise<{ producer: Producer; first: string }> {
  onTestFailed(() => console.error(cluster.logs()));
  const first = await publishDeploy(bus, agent, digest);
  await until(agent, first);
  const producer = await startProducer({ url: cluster.nats.url, agent, bodies, perSecond: 200 });
  await producer.reached(100);
  return { producer, first };
}

function versionIn(facts: readonly DeploymentFact[]): string {
  const version = facts.find(({ type }) => type === "ValidationPassed")?.data["version"];
  if (typeof version !== "string") throw new Error("it has no version");
  return version;
}

const warmUpIn = (facts: readonly DeploymentFact[]): unknown =>
  facts.find(({ type }) => type === "VersionWarmedUp")?.data["warmUp"];

async function outcomesOf(agent: string): Promise<readonly Outcome[]> {
  const stored = await Array.fromAsync(bus.streams.read(outcomeStream(agent)));
  return stored.map(({ data }) => outcome.check(decodeJson(data)));
}

/** Resolves when the version has handled a message. */
async function handledBy(agent: string, version: string): Promise<void> {
  for await (const { data } of bus.streams.follow(outcomeStream(agent))) {
    if (outcome.check(decodeJson(data)).version === version) return;
  }
}

async function pidsOf(agent: string, version: string): Promise<readonly number[]> {
  const slots = await bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const entries = await slots.entries(`${versionKey(agent, version)}.*`);
  return entries.flatMap(({ value }) => slotStatus.check(decodeJson(value)).pid ?? []);
}

describe("blue-green", () => {
  test("is warmed up on the inbox's own messages without a trace of it, switched at once, and taken back at once", async () => {
    const agent = "swap";
    const { producer } = await running(agent);
    const second = await publishDeploy(bus, agent, digest, "tests", blueGreen({ v: 2 }));
    const facts = await until(agent, second);
    expect(types(facts).slice(3)).toEqual([
      "VersionReady",
      "VersionWarmedUp",
      "RouteChanged",
      "RouteApplied",
      "DeploymentCompleted",
    ]);
    expect(warmUpIn(facts)).toMatchObject({ source: "history", failed: 0, regressed: 0, crashes: 0, ended: "steady" });
    await handledBy(agent, versionIn(facts));
    expect(await publishCommand(bus, agent, "rollback", second)).toMatchObject({ ok: true, state: "Draining" });
    const back = await until(agent, second, "DeploymentRolledBack");
    await producer.stop();

    const version = versionIn(facts);
    const revision = facts.find(({ type }) => type === "RouteChanged")?.data["revision"];
    const outcomes = await outcomesOf(agent);
    const own = outcomes.flatMap(({ attempts }) => attempts.filter((attempt) => attempt.version === version));
    // Whatever it did for messages it did under the route that names it, and each has one outcome and one reply.
    expect(own.length).toBeGreaterThan(0);
    expect(new Set(own.map(({ routeRevision }) => routeRevision))).toEqual(new Set([revision]));
    expect(new Set(outcomes.map(({ sequence }) => sequence)).size).toBe(outcomes.length);
    const consumers = await bus.streams.consumers(inboxStream(agent));
    expect(consumers.filter(({ durable }) => !durable)).toEqual([]);
    const times = back.filter(({ type }) => ["RollbackStarted", "RouteApplied"].includes(type));
    expect(times.at(-1)?.data["revision"]).toBe(3);
  });

  test("of an agent without messages is warmed up on its own examples", async () => {
    const deployment = await publishDeploy(bus, "fresh", digest, "tests", blueGreen({}));
    const facts = await until("fresh", deployment);
    expect(facts.at(-1)?.type).toBe("DeploymentCompleted");
    expect(warmUpIn(facts)).toMatchObject({ source: "examples", messages: 1, failed: 0, ended: "steady" });
    expect(await bus.streams.info(outboxStream("fresh"))).toMatchObject({ messages: 0 });
    expect(await bus.streams.info(outcomeStream("fresh"))).toMatchObject({ messages: 0 });
  });

  test("fails where it fails on messages that the version before handled, and no message is asked of it", async () => {
    const agent = "regress";
    const { producer } = await running(agent);
    const second = await publishDeploy(bus, agent, digest, "tests", blueGreen({ fault: "refuse", every: 4, from: 2 }));
    const facts = await until(agent, second);
    await producer.stop();
    expect(facts.at(-1)).toMatchObject({
      type: "DeploymentFailed",
      data: { failure: { stage: "warm-up", code: "warm-up-failed", reason: expect.stringContaining("agent-failure") } },
    });
    expect(warmUpIn(facts)).toMatchObject({ ended: "failing", source: "history" });
    const version = versionIn(facts);
    const asked = (await outcomesOf(agent)).flatMap(({ attempts }) => attempts.map((attempt) => attempt.version));
    expect(asked).not.toContain(version);
  });

  test("is aborted in the middle of its warm-up, and nothing of it is left", async () => {
    const agent = "aborted";
    const { producer } = await running(agent);
    const slow = blueGreen({ fault: "slow", ms: 100, from: 2 });
    const second = await publishDeploy(bus, agent, digest, "tests", slow);
    await until(agent, second, "VersionReady");
    expect(await publishCommand(bus, agent, "abort", second)).toMatchObject({ ok: true });
    const facts = await until(agent, second, "DeploymentRolledBack");
    await producer.stop();
    expect(types(facts)).not.toContain("RouteChanged");
    expect(warmUpIn(facts)).toBeUndefined();
    expect(await pidsOf(agent, versionIn(facts))).toEqual([]);
  });

  test("goes back by itself when the new version dies right at the switch and again: the one before is still warm", async () => {
    const agent = "dies";
    const { producer } = await running(agent);
    const second = await publishDeploy(bus, agent, digest, "tests", blueGreen({ v: 2 }));
    const version = versionIn(await until(agent, second, "RouteChanged"));
    const over = new AbortController();
    const killed = new Set<number>();
    const striking = (async () => {
      while (!over.signal.aborted) {
        for (const pid of await pidsOf(agent, version)) {
          if (killed.has(pid)) continue;
          killed.add(pid);
          process.kill(pid, "SIGKILL");
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    const facts = await until(agent, second, "RollbackStarted");
    over.abort();
    await striking;
    await until(agent, second, "DeploymentRolledBack");
    await producer.reached(producer.acknowledged.length + 20);
    await producer.stop();
    expect(facts.at(-1)?.data).toMatchObject({ cause: "no_instance", reason: expect.stringContaining("SIGKILL") });
    await expect
      .poll(async () => (await outcomesOf(agent)).length, { timeout: 10_000 })
      .toBe(producer.acknowledged.length);
    const outcomes = await outcomesOf(agent);
    expect(outcomes.filter(({ result }) => result !== "handled")).toEqual([]);
  });

  test("retires the version before when the time of its cleanup is over, and gives its process back", async () => {
    const agent = "retires";
    const { producer, first } = await running(agent);
    const second = await publishDeploy(bus, agent, digest, "tests", blueGreen({ v: 2 }, { cleanupMs: 1_000 }));
    await until(agent, second);
    const facts = await until(agent, first, "DeploymentRetired");
    await producer.stop();
    expect(types(facts).slice(-5)).toEqual([
      "CleanupStarted",
      "DrainStarted",
      "VersionDrained",
      "VersionStopped",
      "DeploymentRetired",
    ]);
    expect(await pidsOf(agent, versionIn(facts))).toEqual([]);
    expect(await publishCommand(bus, agent, "rollback", second)).toMatchObject({
      ok: false,
      error: { code: "nothing-to-roll-back-to" },
    });
  });
});

test("what an agent logs while it is warmed up says so", async () => {
  const agent = "says";
  const lines: string[] = [];
  const { producer } = await running(agent);
  const listening = bus.subscribe(logSubject(agent, "*"), ({ data }) => {
    for (const { messageId } of logBatch.check(decodeJson(data)).lines)
      if (messageId !== undefined) lines.push(messageId);
  });
  await listening.ready;
  const second = await publishDeploy(bus, agent, digest, "tests", blueGreen({ fault: "trap", every: 4, from: 2 }));
  await until(agent, second, "DeploymentFailed");
  await producer.stop();
  listening.close();
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((id) => !id.startsWith("warm-up/"))).toEqual([]);
});
