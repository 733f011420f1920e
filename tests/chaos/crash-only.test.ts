import { randomUUID } from "node:crypto";
import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import { agentStream } from "@caxton/contracts/names";
import { outcomeStream } from "@caxton/contracts/subjects";
import { evolve } from "@caxton/deployment/evolve";
import { type AgentState, initialState } from "@caxton/deployment/state";
import { openEventStore } from "@caxton/event-store/open";
import { createLogger } from "../../libs/telemetry/src/logger.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startOrchestrator } from "../../services/orchestrator/src/service.ts";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { type Cluster, startCluster } from "../harness/cluster.ts";
import { deploymentFacts, publishCommand, publishDeploy, uploadArtifact } from "../harness/deployer.ts";
import { isLong } from "../harness/long.ts";
import { mortal, type Mortal } from "../harness/mortal.ts";
import { startProducer, type Producer } from "../harness/producer.ts";

/** Every write with `pnpm test:long`; else so many, spread over the story, which is another place each time it is run whole. */
const everyNth = isLong ? 1 : 20;
const agent = "crash-only";
const steps = [{ share: 0.25, watchMs: 300 }, { share: 1 }];
const bodies = Array.from({ length: 1_000 }, (_, n) => JSON.stringify({ n }));
const log = createLogger({ service: "orchestrator", id: "in-process", level: "silent" });

let cluster: Cluster;
let bus: Bus;
let digest: string;
let producer: Producer;

/** An orchestrator in this process, on a connection and a store of its own. */
async function orchestrator(death = { atWrite: Infinity, when: "after" as "before" | "after" }) {
  const own = await connectBus({ url: cluster.nats.url, name: "orchestrator" });
  const eventStore = await openEventStore(own);
  const world = mortal(own, eventStore, death);
  const started = startOrchestrator({ bus: world.bus, eventStore: world.eventStore, log, id: randomUUID() });
  // One that dies at its start is never started.
  started.catch(() => undefined);
  const dispose = async (): Promise<void> => {
    await Promise.race([started.then((running) => running.close()), world.died]);
    await eventStore.close();
    await own.close();
  };
  return { world, started, dispose };
}

/** A canary that promotes itself, runs, and is taken back. */
async function story(): Promise<void> {
  const configuration = { run: randomUUID() };
  const deployment = await publishDeploy(bus, agent, digest, "tests", {
    strategy: "canary",
    configuration,
    canary: { steps, cleanupMs: 600_000 },
  });
  await deploymentFacts(bus, agent, deployment, ["DeploymentCompleted"], 60_000);
  const answer = await publishCommand(bus, agent, "rollback", deployment);
  expect(answer.ok).toBe(true);
  await deploymentFacts(bus, agent, deployment, ["DeploymentRolledBack"], 60_000);
}

async function stateNow(): Promise<AgentState> {
  const store = await openEventStore(bus);
  const events = await Array.fromAsync(store.read(agentStream(agent)));
  await store.close();
  return events.reduce((state, stored) => {
    const event = readDeploymentEvent(stored);
    return event === undefined ? state : evolve(state, event);
  }, initialState);
}

/** What the end of a story is, whatever its times and ids. */
function end({ deployments, active, route, rollout, queue, appliedRevision }: AgentState) {
  const all = Object.values(deployments);
  return {
    states: all.slice(-1).map(({ state, processes }) => ({ state, processes })),
    active: all.findIndex(({ deployment }) => deployment === active),
    targets: route.targets.map(({ version, share }) => [all.findIndex((one) => one.version === version), share]),
    closed: route.closed,
    isApplied: appliedRevision === route.revision,
    rollout,
    queue,
  };
}

beforeAll(async () => {
  const others = ["validator", "agent-host", "router", "router", "metrics-watcher", "ledger"];
  cluster = await startCluster({ services: ["orchestrator", ...others] });
  bus = await connectBus({ url: cluster.nats.url, name: "tests" });
  digest = await uploadArtifact(bus, await buildFixture("faulty"));
  const first = await publishDeploy(bus, agent, digest);
  await deploymentFacts(bus, agent, first, ["DeploymentCompleted"], 30_000);
  await cluster.kill("orchestrator", "SIGTERM");
  producer = await startProducer({ url: cluster.nats.url, agent, bodies, perSecond: 800 });
}, 120_000);

afterAll(async () => {
  await bus.close();
  await cluster.stop();
});

/** @returns what was written until its death, or in the whole story where it did not die */
async function told(death: Parameters<typeof orchestrator>[0]): Promise<Mortal["writes"]> {
  const first = await orchestrator(death);
  let second: Awaited<ReturnType<typeof orchestrator>> | undefined;
  void first.world.died.then(async () => (second = await orchestrator()));
  await story();
  await first.dispose();
  await second?.dispose();
  return first.world.writes;
}

test(
  "an orchestrator killed at any write of a canary, a promotion and a rollback is replaced by one that comes to the same end",
  async () => {
    const writes = await told(undefined);
    const undisturbed = end(await stateNow());
    expect(undisturbed).toMatchObject({ states: [{ state: "RolledBack", processes: "gone" }], active: 0 });
    expect(writes.length).toBeGreaterThan(20);

    const offset = Math.trunc(Math.random() * everyNth);
    for (let atWrite = offset; atWrite < writes.length; atWrite += everyNth) {
      for (const when of ["before", "after"] as const) {
        const died = await told({ atWrite, when });
        const where = `${when} write ${atWrite}: ${died.at(atWrite) ?? "none"}`;
        expect({ where, ...end(await stateNow()) }).toEqual({ where, ...undisturbed });
      }
    }

    await producer.stop();
    const accepted = producer.acknowledged.length;
    const outcomes = async (): Promise<number> => (await bus.streams.info(outcomeStream(agent)))?.messages ?? 0;
    await expect.poll(outcomes, { timeout: 30_000 }).toBeGreaterThanOrEqual(accepted);
  },
  isLong ? 1_800_000 : 300_000,
);
