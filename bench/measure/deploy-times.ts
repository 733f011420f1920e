import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { connectBus } from "@caxton/bus/connect";
import { agentStream } from "@caxton/contracts/names";
import { openEventStore } from "@caxton/event-store/open";
import type { RecordedEvent } from "@caxton/event-store/port";
import { buildFixture } from "../../tests/fixtures/build-fixture.ts";
import { startCluster } from "../../tests/harness/cluster.ts";
import { deploymentFacts, publishDeploy, uploadArtifact } from "../../tests/harness/deployer.ts";

export interface DeployTimes {
  /** From the command on the bus to Running, ms: artifacts never seen before, and seen before. */
  readonly coldMs: readonly number[];
  readonly cachedMs: readonly number[];
  readonly artifactMiB: number;
  /** What was stored of these deployments: a real history to fold. */
  readonly history: readonly RecordedEvent[];
}

const agent = "quake-watch";
const services = ["orchestrator", "validator", "agent-host", "router", "ledger", "metrics-watcher"];
const ends = ["DeploymentCompleted", "DeploymentFailed", "ValidationFailed"];
const example = (name: string): string => fileURLToPath(new URL(`../../examples/quake-watch/${name}`, import.meta.url));

/** Two artifacts in turn in a fresh cluster, every service a process of its own: the first two times cold, then `cached` times more. */
export async function deployTimes(cached: number): Promise<DeployTimes> {
  const files = await Promise.all(["v1.js", "v2.js"].map((name) => buildFixture(example(name))));
  const cluster = await startCluster({ services });
  const bus = await connectBus({ url: cluster.nats.url, name: "bench" });
  try {
    const digests = await Promise.all(files.map((file) => uploadArtifact(bus, file)));
    const timesMs: number[] = [];
    for (let round = 0; round < files.length + cached; round += 1) {
      const startedMs = performance.now();
      const deployment = await publishDeploy(bus, agent, digests[round % digests.length] ?? "");
      const facts = await deploymentFacts(bus, agent, deployment, ends, 30_000);
      timesMs.push(performance.now() - startedMs);
      const last = facts.at(-1);
      if (last?.type !== "DeploymentCompleted")
        throw new Error(`deployment ${round} ended as ${JSON.stringify(last)}\n${cluster.logs()}`);
    }
    const store = await openEventStore(bus);
    const history = await Array.fromAsync(store.read(agentStream(agent)));
    await store.close();
    const { size } = await stat(files[0] ?? "");
    const artifactMiB = size / 1024 / 1024;
    return { coldMs: timesMs.slice(0, files.length), cachedMs: timesMs.slice(files.length), artifactMiB, history };
  } finally {
    await bus.close();
    await cluster.stop();
  }
}
