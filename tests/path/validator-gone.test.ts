import { connectBus } from "@caxton/bus/connect";
import { validateSubject } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { startCluster } from "../harness/cluster.ts";
import { deploymentFacts, publishDeploy, uploadArtifact } from "../harness/deployer.ts";

const agent = "proc";
/** A request without an answer is given up after 20 s. */
const soonerMs = 15_000;

test("a validator that dies with a deployment in its hands is missed, and the next one is asked", async () => {
  const cluster = await startCluster({ services: ["orchestrator", "validator"] });
  const bus = await connectBus({ url: cluster.nats.url, name: "validator-gone" });
  try {
    const asked = Promise.withResolvers<void>();
    await bus.subscribe(validateSubject, () => asked.resolve()).ready;
    const digest = await uploadArtifact(bus, await buildFixture("echo"));
    // It has the request and does not come to answer it.
    cluster.freeze("validator");
    const deployment = await publishDeploy(bus, agent, digest);
    await asked.promise;
    await cluster.kill("validator");
    await cluster.restart("validator");
    const facts = await deploymentFacts(bus, agent, deployment, ["ValidationPassed"], soonerMs);
    expect(facts.at(-1)).toMatchObject({ type: "ValidationPassed" });
    expect(cluster.logs()).toContain("validator validator is gone");
  } finally {
    await bus.close();
    await cluster.stop();
  }
}, 120_000);
