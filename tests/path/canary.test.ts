import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import type { DeployCommand } from "@caxton/contracts/command-message";
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

const services = ["orchestrator", "validator", "agent-host", "router", "router", "metrics-watcher", "ledger"];
const ends = ["DeploymentCompleted", "DeploymentRolledBack", "DeploymentFailed", "ValidationFailed"];
const bodies = Array.from({ length: 1_000 }, (_, n) => JSON.stringify({ n }));
const long = 600_000;

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

/** A stable version under traffic. */
async function running(agent: string, perSecond = 200): Promise<{ producer: Producer; first: string }> {
  const first = await publishDeploy(bus, agent, digest);
  await deploymentFacts(bus, agent, first, ["DeploymentCompleted"], 30_000);
  const producer = await startProducer({ url: cluster.nats.url, agent, bodies, perSecond });
  return { producer, first };
}

type CanarySteps = NonNullable<NonNullable<DeployCommand["canary"]>["steps"]>;

const canary = (configuration: object, steps: CanarySteps): Partial<DeployCommand> => ({
  strategy: "canary",
  configuration,
  canary: { steps },
});
const types = (facts: readonly DeploymentFact[]): string[] => facts.map(({ type }) => type);

async function until(agent: string, deployment: string, ...events: string[]): Promise<readonly DeploymentFact[]> {
  return deploymentFacts(bus, agent, deployment, events.length === 0 ? ends : events, 60_000).catch((error: Error) => {
    throw new Error(`${error.message}\n${cluster.logs()}`);
  });
}

describe("a canary by hand", () => {
  test("is promoted step by step, waits for approval, runs, and is taken back from there at once", async () => {
    const agent = "by-hand";
    const { producer } = await running(agent);
    const steps: CanarySteps = [
      { share: 0.05, watchMs: long },
      { approve: true },
      { share: 0.5, watchMs: long },
      { share: 1 },
    ];
    const second = await publishDeploy(bus, agent, digest, "tests", canary({ v: 2 }, steps));
    await until(agent, second, "RouteApplied");
    expect(await publishCommand(bus, agent, "promote", second, { step: 9 })).toMatchObject({
      ok: false,
      error: { code: "stale-step" },
    });
    expect(await publishCommand(bus, agent, "promote", second, { step: 3 })).toMatchObject({ ok: true });
    await until(agent, second, "ApprovalAwaited");
    expect(await publishCommand(bus, agent, "approve", second, { reason: "seen it" })).toMatchObject({ ok: true });
    await until(agent, second, "StepApproved");
    expect(await publishCommand(bus, agent, "pause", second)).toMatchObject({ ok: true });
    expect(await publishCommand(bus, agent, "resume", second)).toMatchObject({ ok: true });
    expect(await publishCommand(bus, agent, "promote", second, { full: true })).toMatchObject({ ok: true });
    await until(agent, second, "DeploymentCompleted");
    expect(await publishCommand(bus, agent, "rollback", second)).toMatchObject({ ok: true, state: "Draining" });
    const facts = await until(agent, second, "DeploymentRolledBack");
    await producer.stop();
    expect(types(facts).slice(-8)).toEqual([
      "RollbackStarted",
      "RouteChanged",
      expect.stringMatching(/RouteApplied|VersionClosed/),
      expect.stringMatching(/RouteApplied|VersionClosed|DrainStarted/),
      expect.stringMatching(/VersionClosed|DrainStarted/),
      "VersionDrained",
      "VersionStopped",
      "DeploymentRolledBack",
    ]);
    const rolledBack = facts.find(({ type }) => type === "RollbackStarted");
    expect(rolledBack?.data).toMatchObject({ cause: "manual", actor: "tests" });
  });
});

describe("a canary by itself", () => {
  test("goes through its shares and runs when it is as good as the version before", async () => {
    const agent = "good";
    const { producer } = await running(agent, 400);
    const steps: CanarySteps = [{ share: 0.25, watchMs: 2_000 }, { share: 0.5, watchMs: 1_000 }, { share: 1 }];
    const second = await publishDeploy(bus, agent, digest, "tests", canary({ v: 2 }, steps));
    const facts = await until(agent, second);
    await producer.stop();
    expect(facts.at(-1)?.type).toBe("DeploymentCompleted");
    const decided = facts.filter(({ type, data }) => type === "VerdictReached" && data["decision"] === "promote");
    expect(decided.map(({ data }) => data["step"])).toEqual([2, 3]);
  });

  test("is taken back by itself when half of its messages fail, and costs none of them", async () => {
    const agent = "bad";
    const { producer } = await running(agent, 400);
    const steps: CanarySteps = [{ share: 0.25, watchMs: long }, { share: 1 }];
    const second = await publishDeploy(bus, agent, digest, "tests", canary({ fault: "refuse", every: 2 }, steps));
    const facts = await until(agent, second, "DeploymentRolledBack");
    await producer.stop();
    expect(facts.at(-1)?.type).toBe("DeploymentRolledBack");
    const started = facts.find(({ type }) => type === "RollbackStarted");
    expect(started?.data).toMatchObject({ cause: "high_error_rate" });
    expect(started?.data["reason"]).toMatch(/^error_rate > 1%: observed \d/);
  });
});

test("the first version of an agent needs nobody to compare with", async () => {
  const deployment = await publishDeploy(
    bus,
    "new",
    digest,
    "tests",
    canary({}, [{ share: 0.05, watchMs: long }, { share: 1 }]),
  );
  expect(types(await until("new", deployment))).not.toContain("VerdictReached");
});
