import { openEventStore } from "@caxton/event-store/open";
import { connectBus } from "@caxton/bus/connect";
import { decodeJson } from "@caxton/bus/json";
import { decodeLease, defaultLeaseTtlMs } from "@caxton/bus/lease";
import type { Bus } from "@caxton/bus/types";
import { RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { deploymentStream, leaseBucket, routeBucket, workLeaseKey } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { deploymentFacts, publishDeploy, uploadArtifact } from "../harness/deployer.ts";

const agent = "pairs";
/** What takes part in a deployment. */
const each = ["orchestrator", "validator", "agent-host", "router"];
const ends = ["DeploymentCompleted", "DeploymentFailed", "ValidationFailed", "DeploymentRolledBack"];
const routeEntry = checker("route", RouteEntry);
const deployTimeoutMs = 45_000;
let cluster: Cluster;
let bus: Bus;

beforeAll(async () => {
  cluster = await startCluster({ services: each.flatMap((service) => [service, service]) });
  bus = await connectBus({ url: cluster.nats.url, name: "two of each" });
}, 180_000);

afterAll(async () => {
  await bus.close();
  await cluster.stop();
}, 60_000);

/** The orchestrator that is at work, under its name in the cluster. */
async function atWork(): Promise<string> {
  const leases = await bus.kv(leaseBucket, { ttlMs: defaultLeaseTtlMs });
  for (;;) {
    const entry = await leases.get(workLeaseKey);
    if (entry !== undefined) return decodeLease(entry).holder.split(".")[0] ?? "";
  }
}

/** Every route that was ever written from now on. */
function recordRoutes(signal: AbortSignal): { readonly routes: RouteEntry[]; readonly ended: Promise<void> } {
  const routes: RouteEntry[] = [];
  async function record(): Promise<void> {
    const bucket = await bus.kv(routeBucket);
    for await (const change of bucket.watch({ key: agent, signal })) {
      if (change.type === "put") routes.push(routeEntry.check(decodeJson(change.entry.value)));
    }
  }
  return { routes, ended: record() };
}

function storedEventIds(): Promise<readonly string[]> {
  return openEventStore(bus).then(async (store) => {
    const events = await Array.fromAsync(store.read(`agent-${agent}`));
    await store.close();
    return events.map(({ id }) => id);
  });
}

async function publishedEventIds(): Promise<readonly unknown[]> {
  const published = await Array.fromAsync(bus.streams.read(deploymentStream));
  return published.map(({ data }) => {
    const event: unknown = decodeJson(data);
    return typeof event === "object" && event !== null && "id" in event ? event.id : undefined;
  });
}

test(
  "ten deployments with two of each service that takes part, one orchestrator killed and one frozen at work: all is done, and nothing twice",
  { timeout: 400_000 },
  async () => {
    const files = [await buildFixture("echo"), await buildFixture("moody")];
    const digests = [await uploadArtifact(bus, files[0] ?? ""), await uploadArtifact(bus, files[1] ?? "")];
    const stop = new AbortController();
    const recorded = recordRoutes(stop.signal);
    const killedIn = 3;
    const frozenIn = 6;
    let frozen: string | undefined;
    let successor: string | undefined;
    const deployments: string[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      const more = { configuration: { turn }, allowBreaking: "another agent altogether" };
      const deployment = await publishDeploy(bus, agent, digests[turn % 2] ?? "", "tests", more);
      deployments.push(deployment);
      if (turn === killedIn) {
        await deploymentFacts(bus, agent, deployment, ["DeploymentStarted"], deployTimeoutMs);
        const killed = await atWork();
        await cluster.kill(killed);
        await deploymentFacts(bus, agent, deployment, ["DeploymentCompleted"], deployTimeoutMs);
        await cluster.restart(killed);
      }
      if (turn === frozenIn) {
        await deploymentFacts(bus, agent, deployment, ["ValidationPassed"], deployTimeoutMs);
        frozen = await atWork();
        cluster.freeze(frozen);
      }
      const facts = await deploymentFacts(bus, agent, deployment, ends, deployTimeoutMs);
      expect(facts.at(-1)).toMatchObject({ type: "DeploymentCompleted" });
      if (turn === frozenIn + 1 && frozen !== undefined) {
        successor = await atWork();
        cluster.thaw(frozen);
      }
    }
    for (const deployment of deployments.slice(0, -1)) {
      await deploymentFacts(bus, agent, deployment, ["DeploymentRetired"], deployTimeoutMs);
    }
    stop.abort();
    await recorded.ended;
    expect(new Set(["orchestrator", "orchestrator-2"])).toEqual(new Set([frozen, successor]));

    const stored = await storedEventIds();
    expect(await publishedEventIds()).toEqual(stored);

    const validations = deployments.map((deployment) => {
      const told = cluster.logs().split("\n");
      return told.filter((line) => line.includes('"validation passed"') && line.includes(deployment)).length;
    });
    // The killed one's validation was under way: its successor asked again.
    expect(validations.toSpliced(killedIn, 1)).toEqual(Array.from({ length: 9 }, () => 1));
    expect(validations[killedIn]).toBeLessThanOrEqual(2);

    const revisions = recorded.routes.map(({ revision }) => revision);
    expect(revisions).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
    expect(recorded.routes.at(-1)?.targets).toMatchObject([{ version: expect.stringContaining("-v10-"), share: 1 }]);
  },
);
