import { randomUUID } from "node:crypto";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { type CommandAnswer, commandAnswer } from "@caxton/contracts/command-answer";
import { deployCommand, type ShadowCommand } from "@caxton/contracts/command-message";
import { type ShadowReport, shadowRecord } from "@caxton/contracts/shadow";
import { answerStream, answerSubject, commandSubject, shadowKey, shadowReportBucket } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
import { healthUrl } from "../telemetry/health-of.ts";
import { parsePrometheus } from "../telemetry/prometheus.ts";

const services = ["orchestrator", "validator", "agent-host", "router", "metrics-watcher", "ledger", "shadow"];
const bodies = Array.from({ length: 60 }, (_, n) => JSON.stringify({ n: n + 1 }));
const ends = ["DeploymentRetired", "DeploymentRolledBack", "DeploymentFailed", "ValidationFailed"];

let cluster: Cluster;
let bus: Bus;
let digest: string;

beforeAll(async () => {
  cluster = await startCluster({ services, env: { CAXTON_HEALTH_PORT: "0" } });
  bus = await connectBus({ url: cluster.nats.url, name: "tests" });
  digest = await uploadArtifact(bus, await buildFixture("measured"));
});
afterAll(async () => {
  await bus.close();
  await cluster.stop();
});

async function until(agent: string, deployment: string, ...events: string[]): Promise<readonly DeploymentFact[]> {
  return deploymentFacts(bus, agent, deployment, events, 30_000).catch((error: Error) => {
    throw new Error(`${error.message}\n${cluster.logs()}`);
  });
}

/** A live version under traffic. */
async function running(agent: string): Promise<Producer> {
  const first = await publishDeploy(bus, agent, digest);
  await until(agent, first, "DeploymentCompleted");
  return await startProducer({ url: cluster.nats.url, agent, bodies, perSecond: 200, kind: "number" });
}

function beside(agent: string, configuration: object, shadow: ShadowCommand = {}): Promise<string> {
  return publishDeploy(bus, agent, digest, "tests", { strategy: "shadow", configuration, shadow });
}

async function reportOf(agent: string, deployment: string): Promise<ShadowReport> {
  const entry = await (await bus.kv(shadowReportBucket)).get(shadowKey(agent, deployment));
  if (entry === undefined) throw new Error(`no report of ${deployment}\n${cluster.logs()}`);
  return shadowRecord.check(decodeJson(entry.value)).report;
}

/** Resolves when so many messages were compared. */
async function compared(agent: string, deployment: string, count: number): Promise<void> {
  const bucket = await bus.kv(shadowReportBucket);
  const signal = AbortSignal.timeout(30_000);
  for await (const change of bucket.watch({ key: shadowKey(agent, deployment), signal })) {
    if (change.type === "delete") continue;
    if (shadowRecord.check(decodeJson(change.entry.value)).report.messages.compared >= count) return;
  }
  throw new Error(`${count} messages were not compared\n${cluster.logs()}`);
}

async function answerTo(agent: string, shadow: ShadowCommand): Promise<CommandAnswer> {
  const id = randomUUID();
  const command = { id, deployment: randomUUID(), artifact: { digest }, strategy: "shadow", shadow };
  await bus.store(commandSubject("tests", agent, "deploy"), encodeJson(deployCommand.check(command)));
  const answers = bus.streams.follow(answerStream, { filterSubject: answerSubject("tests", id) });
  for await (const { data } of answers) return commandAnswer.check(decodeJson(data));
  throw new Error(`no answer to the shadow of ${agent}`);
}

/** The service's metrics of one agent's shadow by name, those with a result as `<name> <result>`. */
async function metricsOf(agent: string, deployment: string): Promise<Readonly<Record<string, number>>> {
  const { version } = await reportOf(agent, deployment);
  const text = await (await fetch(`${await healthUrl(bus, "shadow")}/metrics`)).text();
  const own = parsePrometheus(text).filter(({ labels }) => labels["version_id"] === version);
  for (const { labels } of own) expect(labels).toMatchObject({ agent, version: "v2" });
  return Object.fromEntries(own.map(({ name, labels: { result = "" }, value }) => [`${name} ${result}`.trim(), value]));
}

const types = (facts: readonly DeploymentFact[]): string[] => facts.map(({ type }) => type);

describe("a shadow", () => {
  test("with known differences is found to have just these, and what differs from itself is none", async () => {
    const agent = "known";
    const producer = await running(agent);
    const deployment = await beside(agent, { wrong: 5, fewer: 7, more: 11, swap: 13 }, { durationMs: 4_000 });
    await compared(agent, deployment, 1);
    expect(await metricsOf(agent, deployment)).toMatchObject({
      caxton_shadow_comparing: 1,
      caxton_shadow_behind_outcomes: expect.any(Number),
      caxton_shadow_behind_seconds: expect.any(Number),
      caxton_shadow_report_age_seconds: expect.any(Number),
    });
    const facts = await until(agent, deployment, ...ends);
    await producer.stop();
    expect(types(facts)).toEqual([
      "DeploymentRequested",
      "DeploymentStarted",
      "ValidationPassed",
      "VersionReady",
      "ShadowEnded",
      "VersionStopped",
      "DeploymentRetired",
    ]);
    const report = await reportOf(agent, deployment);
    const { messages, differences, noise, perLive, latencyMs } = report;
    expect(report).toMatchObject({ state: "ended", ending: { cause: "over" } });
    expect(facts.find(({ type }) => type === "ShadowEnded")?.data).toMatchObject({
      cause: "over",
      summary: { compared: messages.compared, equal: messages.equal },
    });
    expect(messages.compared).toBeGreaterThan(300);
    expect(messages).toMatchObject({ failed: 0, missed: 0, notSampled: 0 });
    expect(await metricsOf(agent, deployment)).toEqual({
      caxton_shadow_comparing: 0,
      "caxton_shadow_messages equal": messages.equal,
      "caxton_shadow_messages different": messages.different,
      "caxton_shadow_messages failed": 0,
      "caxton_shadow_messages missed": 0,
      "caxton_shadow_messages not_sampled": 0,
      "caxton_shadow_messages not_handled": 0,
    });
    expect(noise.map(({ group }) => group)).toEqual(["measure $.at: value"]);
    expect(differences.map(({ group }) => group).toSorted()).toEqual([
      "measure $.size.value: value",
      "note: fewer outputs",
      "note: more outputs",
      "outputs: another order",
    ]);
    for (const { group, samples, messages: count } of differences) {
      const divisor =
        { "measure $.size.value: value": 5, "note: fewer outputs": 7, "note: more outputs": 11 }[group] ?? 13;
      expect(samples.length).toBeGreaterThan(0);
      expect(count / messages.compared).toBeCloseTo(Math.floor(60 / divisor) / 60, 1);
    }
    expect(perLive).toHaveLength(1);
    expect(latencyMs.pairs).toBe(messages.compared);
    expect(report.memoryBytes.shadow?.mean.value).toBeGreaterThan(10_000_000);
    expect(report.cpuMs.live?.perMessage.value).toBeGreaterThan(0);
  });

  test("reads a sample, conversations as a whole, ignores what it is told to and is stopped with what it found", async () => {
    const agent = "sampled";
    const producer = await running(agent);
    const deployment = await beside(agent, { wrong: 2 }, { sample: 0.2, ignore: ["$.at", "$.size"] });
    await compared(agent, deployment, 40);
    expect(await publishCommand(bus, agent, "abort", deployment, { reason: "seen enough" })).toMatchObject({
      ok: true,
    });
    const facts = await until(agent, deployment, ...ends);
    await producer.stop();
    expect(facts.at(-1)?.type).toBe("DeploymentRetired");
    expect(facts.find(({ type }) => type === "ShadowEnded")?.data).toMatchObject({
      cause: "stopped",
      reason: "seen enough",
    });
    const { messages, differences, ending, self } = await reportOf(agent, deployment);
    expect(ending?.cause).toBe("stopped");
    expect(messages.different).toBe(0);
    expect(differences).toEqual([]);
    expect(self.differed).toBe(0);
    expect(messages.compared / messages.read).toBeGreaterThan(0.08);
    expect(messages.compared / messages.read).toBeLessThan(0.35);
    expect(messages.compared + messages.notSampled).toBe(messages.read);
  });

  test("of an agent without a live version, or longer than messages are kept, is refused with the reason", async () => {
    expect(await answerTo("nobody", {})).toMatchObject({ ok: false, error: { code: "no-live-version" } });
    const twoDays = { durationMs: 2 * 24 * 60 * 60 * 1_000 };
    expect(await answerTo("known", twoDays)).toMatchObject({ ok: false, error: { code: "kept-too-short" } });
    expect(await answerTo("known", { ignore: ["at"] })).toMatchObject({
      ok: false,
      error: { code: "invalid-argument", message: expect.stringContaining("'at' to ignore, character 1") },
    });
  });
});
