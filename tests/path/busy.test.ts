import { randomUUID } from "node:crypto";
import { connectBus } from "@caxton/bus/connect";
import { encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { AgentDeployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { commandSubject } from "@caxton/contracts/subjects";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { type DeploymentFact, deploymentFacts, publishDeploy, uploadArtifact } from "../harness/deployer.ts";

/** Room for one instance of 64 MiB and its process, and not for two. */
const memoryBytes = 200 * 1024 * 1024;

let cluster: Cluster;
let bus: Bus;
let digest: string;
let gateway: Client<typeof AgentDeployment>;

beforeAll(async () => {
  cluster = await startCluster({
    services: ["orchestrator", "validator", "agent-host", "router", "gateway"],
    env: { CAXTON_HOST_MEMORY_BYTES: String(memoryBytes), CAXTON_VALIDATIONS_AT_ONCE: "1" },
  });
  bus = await connectBus({ url: cluster.nats.url, name: "tests" });
  digest = await uploadArtifact(bus, await buildFixture("faulty"));
  const baseUrl = /"http":"(http:[^"]+)"/.exec(cluster.logs())?.[1] ?? "";
  gateway = createClient(AgentDeployment, createConnectTransport({ httpVersion: "1.1", baseUrl }));
});
afterAll(async () => {
  await bus.close();
  await cluster.stop();
});

async function until(agent: string, deployment: string, ...events: string[]): Promise<readonly DeploymentFact[]> {
  return deploymentFacts(bus, agent, deployment, events, 40_000).catch((error: Error) => {
    throw new Error(`${error.message}\n${cluster.logs()}`);
  });
}

test("a version that no host has memory for waits in line and says why, and starts when there is room", async () => {
  const first = await publishDeploy(bus, "large", digest);
  await until("large", first, "DeploymentCompleted");
  const second = await publishDeploy(bus, "larger", digest);
  const waits = await until("larger", second, "DeploymentWaits");
  expect(waits.at(-1)?.data).toMatchObject({
    step: 1,
    place: 1,
    waiting: 1,
    reason: expect.stringMatching(/agent-host .* has promised 144 of 200 MiB, an instance of it may take 144 MiB/),
  });
  await expect
    .poll(() => gateway.getDeployment({ deploymentId: second }), { timeout: 5_000 })
    .toMatchObject({ state: "Deploying", waitsFor: expect.stringContaining("place 1 of 1 in its line") });
  const undeploy = { id: randomUUID(), inbox: "keep", reason: "room for another" };
  await bus.store(commandSubject("tests", "large", "undeploy"), encodeJson(undeploy));
  await until("large", first, "AgentUndeployed");
  await until("larger", second, "DeploymentCompleted");
  expect(await gateway.getDeployment({ deploymentId: second })).toMatchObject({ state: "Running", waitsFor: "" });
});

test("of ten deployments at once each waits for the one validator and says its place, and none fails", async () => {
  const run = randomUUID().slice(0, 8);
  const agents = Array.from({ length: 10 }, (_, n) => `many-${run}-${n}`);
  const deployments = await Promise.all(
    agents.map((agent, n) => publishDeploy(bus, agent, digest, "tests", { configuration: { n } })),
  );
  const all = await Promise.all(
    deployments.map((id, n) => until(agents[n] ?? "", id, "ValidationPassed", "ValidationFailed")),
  );
  expect(all.map((facts) => facts.at(-1)?.type)).toEqual(agents.map(() => "ValidationPassed"));
  const waited = all.flatMap((facts) => facts.filter(({ type }) => type === "DeploymentWaits"));
  expect(waited.length).toBeGreaterThan(0);
  for (const { data } of waited)
    expect(data["reason"]).toMatch(/validator .* bears 1 at once: [01] under way, \d before it in line/);
});
