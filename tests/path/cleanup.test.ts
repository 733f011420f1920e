import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import { artifactBucket } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { deploymentFacts, publishCommand, publishDeploy, uploadArtifact } from "../harness/deployer.ts";

const services = ["orchestrator", "validator", "agent-host", "router"];
const retentionMs = 2_000;
const patience = { timeout: 20_000, interval: 100 };
const agent = "tidy";

let cluster: Cluster;
let bus: Bus;

beforeAll(async () => {
  // What is uploaded has to be deployed within its retention.
  await Promise.all(["echo", "faulty", "slow"].map((name) => buildFixture(name)));
  const env = {
    CAXTON_ARTIFACT_RETENTION_MS: String(retentionMs),
    CAXTON_CACHE_RETENTION_MS: String(retentionMs),
  };
  cluster = await startCluster({ services, env });
  bus = await connectBus({ url: cluster.nats.url, name: "tests" });
});
afterAll(async () => {
  await bus.close();
  await cluster.stop();
});

const isStored = async (digest: string): Promise<boolean> => (await bus.objects(artifactBucket)).has(digest);
const preparedOf = async (digest: string): Promise<readonly string[]> =>
  (await readdir(join(cluster.folder, "cache"))).filter((name) => name.startsWith(digest));

interface Deployed {
  readonly digest: string;
  readonly deployment: string;
}

async function deployed(fixture: string, more: Parameters<typeof publishDeploy>[4] = {}): Promise<Deployed> {
  const digest = await uploadArtifact(bus, await buildFixture(fixture));
  const deployment = await publishDeploy(bus, agent, digest, "tests", more);
  await deploymentFacts(bus, agent, deployment, ["DeploymentCompleted"], 30_000);
  return { digest, deployment };
}

test("what a retired version left behind is given back, which is in the history, and nothing that can be gone back to", async () => {
  onTestFailed(() => console.error(cluster.logs()));
  const { digest: old, deployment: first } = await deployed("echo");
  const accepted = { allowBreaking: "it is another agent altogether" };
  const { digest: blue } = await deployed("faulty", accepted);

  const facts = await deploymentFacts(bus, agent, first, ["ArtifactRemoved"], 30_000);
  expect(facts.at(-1)?.data).toMatchObject({ digest: old, sizeBytes: expect.any(Number) });
  await expect.poll(() => isStored(old), patience).toBe(false);
  const [code] = (await deploymentFacts(bus, agent, first, ["PreparedCodeRemoved"], 30_000)).slice(-1);
  expect(code?.data).toMatchObject({ digest: old, place: expect.any(String) });
  await expect.poll(() => preparedOf(old), patience).toEqual([]);

  // The version before is warm for longer than anything else is kept.
  const wishes = { ...accepted, strategy: "blue-green", blueGreen: { cleanupMs: 60_000 } } as const;
  const { digest: green, deployment: second } = await deployed("slow", wishes);
  await delay(2 * retentionMs);
  for (const digest of [blue, green]) {
    expect(await isStored(digest)).toBe(true);
    expect(await preparedOf(digest)).not.toEqual([]);
  }
  expect(await publishCommand(bus, agent, "rollback", second)).toMatchObject({ ok: true });
  await deploymentFacts(bus, agent, second, ["ArtifactRemoved"], 30_000);
  await expect.poll(() => isStored(green), patience).toBe(false);
  expect(await isStored(blue)).toBe(true);

  // Who wants it again brings it again.
  expect((await deployed("echo", accepted)).digest).toBe(old);
});

test("an artifact that nobody deployed goes when its time is over", async () => {
  const digest = "0".repeat(64);
  await (await bus.objects(artifactBucket)).put(digest, new Blob(["nobody wants it"]).stream());
  await expect.poll(() => isStored(digest), patience).toBe(false);
});
