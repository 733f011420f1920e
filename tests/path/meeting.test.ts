import { randomUUID } from "node:crypto";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { CommandAnswer } from "@caxton/contracts/command-answer";
import type { CommandVerb } from "@caxton/contracts/commands";
import type { DeployCommand } from "@caxton/contracts/command-message";
import { deploymentStream, freezeSubject, freezeSubjects, workLeaseKey } from "@caxton/contracts/subjects";
import { freezeStream } from "@caxton/contracts/freeze-event";
import { openEventStore } from "@caxton/event-store/open";
import { AgentDeployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { leaseHolder } from "../harness/leases.ts";
import {
  type DeploymentFact,
  deploymentFacts,
  publishAny,
  publishDeploy,
  uploadArtifact,
} from "../harness/deployer.ts";

const services = ["orchestrator", "orchestrator", "validator", "agent-host", "router", "metrics-watcher", "gateway"];
const long = 600_000;

let cluster: Cluster;
let bus: Bus;
let digest: string;
let gateway: Client<typeof AgentDeployment>;

beforeAll(async () => {
  cluster = await startCluster({ services });
  bus = await connectBus({ url: cluster.nats.url, name: "tests" });
  digest = await uploadArtifact(bus, await buildFixture("faulty"));
  const httpUrl = /"http":"(http:[^"]+)"/.exec(cluster.logs())?.[1] ?? "";
  gateway = createClient(AgentDeployment, createConnectTransport({ httpVersion: "1.1", baseUrl: httpUrl }));
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

const types = (facts: readonly DeploymentFact[]): string[] => facts.map(({ type }) => type);

const command = (agent: string, verb: CommandVerb, body: object, principal?: string): Promise<CommandAnswer> =>
  publishAny(bus, agent, verb, body, principal);

async function running(agent: string): Promise<string> {
  const first = await publishDeploy(bus, agent, digest);
  await until(agent, first, "DeploymentCompleted");
  return first;
}

/** @returns the command that ended it */
async function freezeAndLift(scope: string, reason: string): Promise<string> {
  expect(await command(scope, "freeze", { reason })).toMatchObject({ ok: true });
  const lifted = await command(scope, "unfreeze", { reason });
  expect(lifted).toMatchObject({ ok: true });
  return lifted.commandId;
}

/** Resolves when the end of a freeze is there for those who subscribe. */
async function published(scope: string, commandId: string): Promise<void> {
  const filterSubject = freezeSubject(scope, "FreezeEnded");
  const signal = AbortSignal.timeout(60_000);
  for await (const { data } of bus.streams.follow(deploymentStream, { filterSubject, signal })) {
    const event = decodeJson(data);
    if (typeof event === "object" && event !== null && "commandid" in event && event.commandid === commandId) return;
  }
  throw new Error(`the end of a freeze of ${scope} was not published\n${cluster.logs()}`);
}

const canary = (v: number): Partial<DeployCommand> => ({
  strategy: "canary",
  configuration: { v },
  canary: { steps: [{ share: 0.25, watchMs: long }, { share: 1 }], cleanupMs: 0 },
});

describe("a deployment that meets another", () => {
  test("is queued with its place and what it waits for, and starts by itself", async () => {
    const agent = "queued";
    await running(agent);
    const second = await publishDeploy(bus, agent, digest, "tests", canary(2));
    await until(agent, second, "RouteApplied");
    const third = await publishDeploy(bus, agent, digest, "tests", { configuration: { v: 3 } });
    await until(agent, third, "DeploymentRequested");
    await expect
      .poll(() => gateway.getDeployment({ deploymentId: third }), { timeout: 5_000 })
      .toMatchObject({ state: "Queued", queuePlace: 1, waitsFor: expect.stringMatching(/-v2-.* \(canary 25 %\)$/) });
    expect(await command(agent, "promote", { deployment: second, full: true })).toMatchObject({ ok: true });
    await until(agent, third, "DeploymentCompleted");
  });

  test("supersedes it: the canary goes back, and the new one is next", async () => {
    const agent = "superseded";
    await running(agent);
    const second = await publishDeploy(bus, agent, digest, "tests", canary(2));
    await until(agent, second, "RouteApplied");
    const third = await publishDeploy(bus, agent, digest, "tests", { configuration: { v: 3 } });
    const supersede = { onConflict: "supersede", configuration: { v: 4 } } as const;
    const fourth = await publishDeploy(bus, agent, digest, "tests", supersede);
    const facts = await until(agent, second, "DeploymentRolledBack");
    expect(facts.find(({ type }) => type === "RollbackStarted")?.data).toMatchObject({
      cause: "superseded",
      reason: `superseded by deployment ${fourth}`,
    });
    await until(agent, third, "DeploymentCompleted");
    const { deployments } = await gateway.listDeployments({ agent });
    const startedAt = async (id: string): Promise<number> => {
      const [, started] = await until(agent, id, "DeploymentStarted");
      return Number(started?.data["atMs"]);
    };
    expect(await startedAt(fourth)).toBeLessThan(await startedAt(third));
    expect(deployments).toHaveLength(4);
  });

  test("is rejected where it wants that, and told what is on its way", async () => {
    const agent = "rejected";
    const first = await publishDeploy(bus, agent, digest);
    const body = { deployment: randomUUID(), artifact: { digest }, configuration: { v: 2 }, onConflict: "reject" };
    await until(agent, first, "DeploymentRequested");
    expect(await command(agent, "deploy", body)).toMatchObject({
      ok: false,
      error: { code: "deployment-conflict", message: expect.stringContaining("is on its way") },
    });
    await until(agent, first, "DeploymentCompleted");
  });

  test("of two people who move it at once one wins and the other is told; a cancelled one never starts", async () => {
    const agent = "moved";
    await running(agent);
    const second = await publishDeploy(bus, agent, digest, "tests", canary(2));
    await until(agent, second, "RouteApplied");
    const waiting: string[] = [];
    for (const v of [3, 4, 5]) {
      const deployment = await publishDeploy(bus, agent, digest, "tests", { configuration: { v } });
      await until(agent, deployment, "DeploymentRequested");
      waiting.push(deployment);
    }
    const [third = "", fourth = "", fifth = ""] = waiting;
    await expect.poll(async () => (await gateway.listQueue({ agent })).deployments.length).toBe(3);
    const { queueRevision } = await gateway.listQueue({ agent });
    const answers = await Promise.all([
      command(agent, "move", { deployment: fifth, place: 1, queueRevision, reason: "outage" }, "ada"),
      command(agent, "move", { deployment: fourth, place: 1, queueRevision, reason: "audit" }, "bob"),
    ]);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.find(({ ok }) => !ok)).toMatchObject({ error: { code: "stale-queue" } });
    const winner = answers[0].ok ? fifth : fourth;
    await expect.poll(async () => (await gateway.listQueue({ agent })).deployments[0]?.id).toBe(winner);
    expect(await command(agent, "cancel", { deployment: third, reason: "not needed" })).toMatchObject({ ok: true });
    expect(types(await until(agent, third, "DeploymentRolledBack"))).toEqual([
      "DeploymentRequested",
      "DeploymentRolledBack",
    ]);
    expect(await command(agent, "abort", { deployment: second })).toMatchObject({ ok: true });
    await Promise.all([fourth, fifth].map((id) => until(agent, id, "DeploymentCompleted")));
    const { entries } = await gateway.getHistory({ agent });
    expect(entries.filter(({ type }) => type === "QueueReordered")).toMatchObject([
      { actor: answers[0].ok ? "ada" : "bob", reason: answers[0].ok ? "outage" : "audit" },
    ]);
  });
});

describe("a freeze", () => {
  test("refuses a deployment with its reason, holds one under way, and lets it go on when it is lifted", async () => {
    const agent = "frozen";
    await running(agent);
    const steps = [{ share: 0.25 }, { approve: true }, { share: 0.5 }, { share: 1 }] as const;
    const second = await publishDeploy(bus, agent, digest, "tests", {
      ...canary(2),
      canary: { steps: [...steps], cleanupMs: 0 },
    });
    await until(agent, second, "ApprovalAwaited");
    expect(await command(agent, "freeze", { reason: "audit" })).toMatchObject({ ok: true, agent });
    const body = { deployment: randomUUID(), artifact: { digest }, configuration: { v: 3 } };
    expect(await command(agent, "deploy", body)).toMatchObject({
      error: { code: "frozen", message: expect.stringContaining("audit") },
    });
    expect(await command(agent, "approve", { deployment: second })).toMatchObject({ error: { code: "frozen" } });
    const overridden = { deployment: second, overrideFreeze: "asked the auditor" };
    expect(await command(agent, "approve", overridden)).toMatchObject({ ok: true });
    const facts = await until(agent, second, "RolloutFrozen");
    expect(facts.find(({ type }) => type === "StepApproved")?.data).toMatchObject({
      overrideFreeze: "asked the auditor",
    });
    await expect
      .poll(async () => (await gateway.getDeployment({ deploymentId: second })).step?.frozenBy)
      .toContain("audit");
    expect((await gateway.listFreezes({})).freezes).toMatchObject([{ agent, reason: "audit", actor: "tests" }]);
    expect(await command(agent, "unfreeze", { reason: "done" })).toMatchObject({ ok: true });
    await until(agent, second, "DeploymentCompleted");
    const { entries } = await gateway.getHistory({ agent });
    expect(entries.map(({ type }) => type)).toEqual(expect.arrayContaining(["FreezeStarted", "FreezeEnded"]));
  });

  test("of all agents is over by its time; what waits for it starts then; a rollback is never frozen", async () => {
    const agent = "frozen-too";
    await running(agent);
    const second = await publishDeploy(bus, agent, digest, "tests", canary(2));
    await until(agent, second, "RouteApplied");
    const third = await publishDeploy(bus, agent, digest, "tests", { configuration: { v: 3 } });
    await until(agent, third, "DeploymentRequested");
    const freezeUntil = new Date(Date.now() + 4_000).toISOString();
    expect(await command("_all", "freeze", { reason: "year's end", until: freezeUntil })).toMatchObject({ ok: true });
    expect(await command(agent, "rollback", { deployment: second })).toMatchObject({ ok: true });
    await until(agent, second, "DeploymentRolledBack");
    const [, started] = await until(agent, third, "DeploymentStarted");
    expect(started?.data["atMs"]).toBeGreaterThanOrEqual(Date.parse(freezeUntil));
    await until(agent, third, "DeploymentCompleted");
  });

  test("is published, and its end, each once and in order, whoever is stopped or killed at work", async () => {
    const agent = "told";
    await running(agent);
    const atWork = async (): Promise<string> => (await leaseHolder(bus, workLeaseKey)).split(".")[0] ?? "";
    const stopped = await atWork();
    cluster.freeze(stopped);
    await published(agent, await freezeAndLift(agent, "audit"));
    // It would go on with what another has published meanwhile.
    cluster.thaw(stopped);
    const killed = await atWork();
    cluster.freeze(killed);
    const lifted = await freezeAndLift("_all", "year's end");
    await cluster.kill(killed);
    await published("_all", lifted);
    await cluster.restart(killed);
    await published(agent, await freezeAndLift(agent, "another audit"));
    const told = await Array.fromAsync(bus.streams.read(deploymentStream, { filterSubject: freezeSubjects }));
    const store = await openEventStore(bus);
    const stored = await Array.fromAsync(store.read(freezeStream));
    await store.close();
    expect(told.map(({ data }) => decodeJson(data))).toMatchObject(
      stored.map(({ id, type, data, revision }) => ({ id, type: `caxton.freeze.${type}.v1`, revision, data })),
    );
    expect(told.slice(-6).map(({ subject }) => subject)).toEqual(
      [agent, "_all", agent].flatMap((scope) => [
        freezeSubject(scope, "FreezeStarted"),
        freezeSubject(scope, "FreezeEnded"),
      ]),
    );
  });
});
