import { randomUUID } from "node:crypto";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { type CommandAnswer, commandAnswer } from "@caxton/contracts/command-answer";
import { AgentDeployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { AgentMessages } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { answerStream, answerSubject, commandSubject } from "@caxton/contracts/subjects";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { type DeploymentFact, deploymentFacts, publishDeploy, uploadArtifact } from "../harness/deployer.ts";
import { publishPlainly } from "../harness/plain-client.ts";
import { startProducer } from "../harness/producer.ts";

const services = ["orchestrator", "validator", "agent-host", "router", "router", "ledger", "gateway"];
const bodies = Array.from({ length: 100 }, (_, n) => JSON.stringify({ n }));

let cluster: Cluster;
let bus: Bus;
let digest: string;
let gateway: Client<typeof AgentDeployment>;
let letters: Client<typeof AgentMessages>;

beforeAll(async () => {
  cluster = await startCluster({ services });
  bus = await connectBus({ url: cluster.nats.url, name: "tests" });
  digest = await uploadArtifact(bus, await buildFixture("faulty"));
  const baseUrl = /"http":"(http:[^"]+)"/.exec(cluster.logs())?.[1] ?? "";
  const transport = createConnectTransport({ httpVersion: "1.1", baseUrl });
  gateway = createClient(AgentDeployment, transport);
  letters = createClient(AgentMessages, transport);
});
afterAll(async () => {
  await bus.close();
  await cluster.stop();
});

async function until(agent: string, deployment: string, ...events: string[]): Promise<readonly DeploymentFact[]> {
  return deploymentFacts(bus, agent, deployment, events, 60_000).catch((error: Error) => {
    throw new Error(`${error.message}\n${cluster.logs()}`);
  });
}

async function command(agent: string, verb: string, body: object): Promise<CommandAnswer> {
  const id = randomUUID();
  const answers = bus.streams.follow(answerStream, { filterSubject: answerSubject("tests", id) });
  await bus.store(commandSubject("tests", agent, verb), encodeJson({ id, ...body }));
  for await (const { data } of answers) return commandAnswer.check(decodeJson(data));
  throw new Error(`no answer to ${verb}`);
}

async function running(agent: string, v = 1): Promise<string> {
  const deployment = await publishDeploy(bus, agent, digest, "tests", { configuration: { v } });
  await until(agent, deployment, "DeploymentCompleted");
  return deployment;
}

interface Tally {
  readonly accepted: number;
  readonly handled: number;
  readonly deadLettered: number;
  readonly pending: number;
}

async function ledgerOf(agent: string): Promise<Tally> {
  const { ledger = {} } = await gateway.getLedger({ agent });
  const count = (name: string): number => Number(ledger[name]);
  return {
    accepted: count("accepted"),
    handled: count("handled"),
    deadLettered: count("deadLettered"),
    pending: count("pending"),
  };
}

async function send(agent: string, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, n) => ({ body: JSON.stringify({ n }) }));
  await gateway.sendMessages({ agent, messages });
}

describe("hold", () => {
  test("has nothing taken out of the inbox until release; who holds it and why is told", async () => {
    const agent = "held";
    await running(agent);
    expect(await command(agent, "hold", { reason: "moving house", actor: "ada" })).toMatchObject({ ok: true, agent });
    await expect.poll(async () => (await gateway.getAgent({ agent })).appliedRouteRevision, { timeout: 5_000 }).toBe(2);
    await send(agent, 50);
    expect((await gateway.getAgent({ agent })).stopped).toMatchObject({
      what: "held",
      actor: "ada (tests)",
      reason: "moving house",
    });
    expect(await ledgerOf(agent)).toMatchObject({ accepted: 50, handled: 0, pending: 50 });
    // What mends it comes in meanwhile.
    await running(agent, 2);
    expect(await ledgerOf(agent)).toMatchObject({ handled: 0, pending: 50 });
    expect(await command(agent, "release", {})).toMatchObject({ ok: true });
    await expect.poll(() => ledgerOf(agent), { timeout: 10_000 }).toMatchObject({ handled: 50, pending: 0 });
  });
});

describe("undeploy", () => {
  test("that drains handles what is there, tells producers, and a later deployment works again", async () => {
    const agent = "drained";
    const first = await running(agent);
    const producer = await startProducer({ url: cluster.nats.url, agent, bodies, perSecond: 300 });
    await producer.reached(200);
    expect(await command(agent, "undeploy", { inbox: "drain", reason: "wound up" })).toMatchObject({ ok: true });
    await until(agent, first, "AgentUndeployed");
    const accepted = producer.acknowledged.length;
    expect(await ledgerOf(agent)).toMatchObject({ accepted, handled: accepted, deadLettered: 0, pending: 0 });
    expect(await publishPlainly(cluster.nats.url, `caxton.inbox.${agent}`, "{}")).toMatchObject({
      name: expect.stringMatching(/NoResponders|JetStream/),
    });
    await expect(send(agent, 1)).rejects.toMatchObject({ rawMessage: expect.stringContaining("wound up") });
    const refused = await fetch(`${/"http":"(http:[^"]+)"/.exec(cluster.logs())?.[1]}/agents/${agent}/messages`, {
      method: "POST",
      body: "{}",
    });
    expect(await refused.json()).toMatchObject({ code: "undeployed" });
    expect(await command(agent, "hold", {})).toMatchObject({ ok: false, error: { code: "not-allowed-now" } });
    // The producer has gone on trying all the time.
    await running(agent, 2);
    await producer.reached(accepted + 100);
    await producer.stop();
    const all = producer.acknowledged.length;
    await expect.poll(() => ledgerOf(agent), { timeout: 10_000 }).toMatchObject({ handled: all, pending: 0 });
    expect((await gateway.getAgent({ agent })).stopped).toBeUndefined();
  });

  test("that keeps leaves the inbox to a later deployment", async () => {
    const agent = "kept";
    const first = await running(agent);
    await command(agent, "hold", { reason: "so that something is left" });
    await expect.poll(async () => (await gateway.getAgent({ agent })).appliedRouteRevision, { timeout: 5_000 }).toBe(2);
    await send(agent, 40);
    expect(await command(agent, "undeploy", { inbox: "drain" })).toMatchObject({ error: { code: "not-allowed-now" } });
    expect(await command(agent, "undeploy", { inbox: "keep", reason: "back soon" })).toMatchObject({ ok: true });
    await until(agent, first, "AgentUndeployed");
    expect(await ledgerOf(agent)).toMatchObject({ accepted: 40, handled: 0, pending: 40 });
    expect((await gateway.getAgent({ agent })).stopped).toMatchObject({ what: "undeployed", inbox: "keep" });
    await running(agent, 2);
    await expect.poll(() => ledgerOf(agent), { timeout: 10_000 }).toMatchObject({ handled: 40, pending: 0 });
  });

  test("that dead-letters moves the inbox where an operator sees it and sends it again", async () => {
    const agent = "given-up";
    const first = await running(agent);
    await command(agent, "hold", { reason: "so that something is left" });
    await expect.poll(async () => (await gateway.getAgent({ agent })).appliedRouteRevision, { timeout: 5_000 }).toBe(2);
    await send(agent, 30);
    expect(await command(agent, "undeploy", { inbox: "dead-letter", reason: "nobody needs it" })).toMatchObject({
      ok: true,
    });
    await until(agent, first, "AgentUndeployed");
    await expect.poll(() => ledgerOf(agent), { timeout: 5_000 }).toMatchObject({ deadLettered: 30, pending: 0 });
    const listed = await letters.listDeadLetters({ agent });
    expect(listed).toMatchObject({
      letters: expect.arrayContaining([expect.objectContaining({ code: "undeployed" })]),
    });
    await running(agent, 2);
    const epoch = listed.letters[0]?.epoch ?? "";
    await letters.resendDeadLetters({ agent, letters: [{ epoch, sequence: 1 }], reason: "needed after all" });
    await expect.poll(() => ledgerOf(agent), { timeout: 10_000 }).toMatchObject({ handled: 1, pending: 0 });
  });

  test("with a rollout under way is refused and says what to do first; one asked for meanwhile waits for its end", async () => {
    const agent = "in-between";
    const first = await running(agent);
    const long = { steps: [{ share: 0.25, watchMs: 600_000 }, { share: 1 }] };
    const second = await publishDeploy(bus, agent, digest, "tests", {
      strategy: "canary",
      configuration: { v: 2 },
      canary: long,
    });
    await until(agent, second, "RouteApplied");
    expect(await command(agent, "undeploy", { inbox: "keep" })).toMatchObject({
      error: { code: "not-allowed-now", message: expect.stringContaining("abort") },
    });
    expect(await command(agent, "abort", { deployment: second })).toMatchObject({ ok: true });
    await until(agent, second, "DeploymentRolledBack");
    expect(await command(agent, "undeploy", { inbox: "keep" })).toMatchObject({ ok: true });
    const third = await publishDeploy(bus, agent, digest, "tests", { configuration: { v: 3 } });
    await until(agent, first, "AgentUndeployed");
    await until(agent, third, "DeploymentCompleted");
  });
});
