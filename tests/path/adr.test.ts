import { readFile } from "node:fs/promises";
import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import { AgentDeployment, type WatchDeploymentResponse } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { uploadArtifact } from "../harness/deployer.ts";
import { type Producer, startProducer } from "../harness/producer.ts";

// What the decision record shows is what users write: its YAML word for word, and its states as they are told outside.

const agent = "processor";
const services = [
  "orchestrator",
  "validator",
  "agent-host",
  "router",
  "metrics-watcher",
  "ledger",
  "shadow",
  "gateway",
];
const endMs = 90_000;
let cluster: Cluster;
let bus: Bus;
let gateway: Client<typeof AgentDeployment>;
let artifactDigest: string;
let producer: Producer | undefined;

beforeAll(async () => {
  cluster = await startCluster({ services });
  bus = await connectBus({ url: cluster.nats.url, name: "adr" });
  const baseUrl = /"http":"([^"]+)"/.exec(cluster.logs())?.[1] ?? "";
  gateway = createClient(AgentDeployment, createConnectTransport({ httpVersion: "1.1", baseUrl }));
  artifactDigest = await uploadArtifact(bus, await buildFixture("faulty"));
}, 120_000);

afterAll(async () => {
  await producer?.stop();
  await bus.close();
  await cluster.stop();
});

const adr = (name: string): Promise<string> =>
  readFile(new URL(`../fixtures/adr/${name}.yaml`, import.meta.url), "utf8");

let versions = 0;
/** Another version of the agent: its limits are part of its identity. */
const anotherVersion = () => ({ agent, artifactDigest, limits: { messageTimeoutMs: 900 + (versions += 1) } });

const watched = (deploymentId: string): AsyncIterable<WatchDeploymentResponse> =>
  gateway.watchDeployment({ deploymentId }, { signal: AbortSignal.timeout(endMs) });

/** The states that a client is told, each once in its order, until it is told `last`; `before` happens at the first of a state. */
async function statesUntil(
  deploymentId: string,
  last: string,
  before: Readonly<Record<string, () => Promise<unknown>>> = {},
): Promise<readonly string[]> {
  const states: string[] = [];
  for await (const { deployment } of watched(deploymentId)) {
    const state = deployment?.state;
    if (state === undefined || states.includes(state)) continue;
    states.push(state);
    if (state === last) break;
    await before[state]?.();
  }
  return states;
}

/** Resolves when the step of that kind is under way. */
async function reaches(deploymentId: string, kind: string): Promise<void> {
  for await (const { deployment } of watched(deploymentId)) {
    if (deployment?.steps.some((step) => step.kind === kind && step.startedAt !== undefined) === true) return;
  }
}

const planned = async (deploymentId: string): Promise<readonly string[]> => {
  const { steps } = await gateway.getDeployment({ deploymentId });
  return steps.map(({ kind, share, watchMs, timeoutMs, cleanupMs }) =>
    [kind, share, watchMs ?? timeoutMs ?? cleanupMs].filter((part) => part !== undefined).join(" "),
  );
};

test("a first version is told as Validating, Deploying and Running", async () => {
  const { deploymentId } = await gateway.deployAgent({ agent, artifactDigest });
  expect(await statesUntil(deploymentId, "Running")).toEqual(["Validating", "Deploying", "Running"]);
  const bodies = Array.from({ length: 100 }, (_, n) => JSON.stringify({ n }));
  producer = await startProducer({ url: cluster.nats.url, agent, bodies, perSecond: 100 });
}, 120_000);

test("the ADR's blue-green runs unchanged, and its old version is back at a word", async () => {
  const deploymentFile = await adr("blue-green");
  const { deploymentId } = await gateway.deployAgent({ ...anotherVersion(), deploymentFile });
  expect(await planned(deploymentId)).toEqual([
    "validate 30000",
    "start 30000",
    "warm-up 60000",
    "shift 1",
    "finalize 300000",
  ]);
  expect(await statesUntil(deploymentId, "Running")).toContain("Running");
  await gateway.rollbackDeployment({ deploymentId });
  expect((await statesUntil(deploymentId, "RolledBack")).at(-1)).toBe("RolledBack");
}, 120_000);

test("the ADR's canary goes to 5 % for five minutes, and whoever waits behind it goes on when it is taken back", async () => {
  const deploymentFile = await adr("canary");
  const { deploymentId } = await gateway.createCanaryDeployment({ deployment: anotherVersion(), deploymentFile });
  expect(await planned(deploymentId)).toEqual([
    "validate 30000",
    "start 30000",
    "shift 0.05 300000",
    "shift 0.25 600000",
    "shift 0.5 600000",
    "shift 1",
    "finalize 300000",
  ]);
  await reaches(deploymentId, "shift");
  const next = await gateway.deployAgent(anotherVersion());
  const before = await gateway.getAgent({ agent });
  const queued = statesUntil(next.deploymentId, "Running", { Queued: () => gateway.abortDeployment({ deploymentId }) });
  expect(await queued).toEqual(["Queued", "Validating", "Deploying", "Running"]);
  expect((await statesUntil(deploymentId, "RolledBack")).at(-1)).toBe("RolledBack");
  // A direct deployment keeps nobody warm.
  const { deployments } = await gateway.listDeployments({ agent });
  const replaced = deployments.find(({ version: id }) => id === before.activeVersion);
  expect((await statesUntil(replaced?.id ?? "", "Retired")).at(-1)).toBe("Retired");
}, 120_000);

test("the ADR's shadow reads along for an hour unless it is stopped, and ends as Retired with its report", async () => {
  const deploymentFile = await adr("shadow");
  const { deploymentId } = await gateway.createShadowDeployment({ deployment: anotherVersion(), deploymentFile });
  await reaches(deploymentId, "shadow");
  const { shadow } = await gateway.getDeployment({ deploymentId });
  expect(shadow).toBeDefined();
  await gateway.abortDeployment({ deploymentId });
  expect((await statesUntil(deploymentId, "Retired")).at(-1)).toBe("Retired");
}, 120_000);

test("what validation refuses is Failed; what is taken back is Draining on its way to RolledBack", async () => {
  const broken = await uploadArtifact(bus, await buildFixture("traps-in-describe"));
  const failed = await gateway.deployAgent({ agent, artifactDigest: broken });
  expect((await statesUntil(failed.deploymentId, "Failed")).at(-1)).toBe("Failed");

  const { deploymentId } = await gateway.createCanaryDeployment({
    deployment: anotherVersion(),
    deploymentFile: "strategy: canary\nstages:\n- canary: 10% for 1h\n- full: 100%\n",
  });
  const states = statesUntil(deploymentId, "RolledBack", {
    Deploying: async () => {
      await reaches(deploymentId, "shift");
      await gateway.rollbackDeployment({ deploymentId });
    },
  });
  expect(await states).toEqual(["Validating", "Deploying", "Draining", "RolledBack"]);
}, 120_000);
