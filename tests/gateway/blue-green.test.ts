import { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startOrchestrator } from "../../services/orchestrator/src/service.ts";
import { type GatewayUnderTest, silent, startGatewayUnderTest } from "./gateway-harness.ts";

const artifactDigest = "d".repeat(64);
const file = "deployment:\nstrategy: blue-green\nstages:\n- validate: 20s\n- warm_up: 5s\n- switch: instant\n";

describe("blue-green is asked for by DeployAgent", () => {
  let under: GatewayUnderTest;
  let orchestrator: Awaited<ReturnType<typeof startOrchestrator>>;
  beforeAll(async () => {
    under = await startGatewayUnderTest();
    const { bus, eventStore } = under;
    orchestrator = await startOrchestrator({ bus, eventStore, log: silent, id: "orchestrator" });
    await (await bus.objects("caxton-artifacts")).put(artifactDigest, new Blob(["any bytes"]).stream());
  });
  afterAll(async () => {
    await orchestrator.close();
    await under[Symbol.asyncDispose]();
  });

  const steps = async (deploymentId: string) => {
    const { strategy, steps: planned } = await under.connect.getDeployment({ deploymentId });
    return [
      strategy,
      ...planned.map(({ kind, timeoutMs, cleanupMs, share }) => [kind, timeoutMs ?? cleanupMs ?? share]),
    ];
  };
  const planOf = (validateMs: number, warmUpMs: number, cleanupMs: number) => [
    "blue-green",
    ["validate", validateMs],
    ["start", 30_000],
    ["warm-up", warmUpMs],
    ["shift", 1],
    ["finalize", cleanupMs],
  ];

  test("with nothing said it goes as the ADR's does, by gRPC too", async () => {
    const { deploymentId } = await under.grpc.deployAgent({ agent: "adr", artifactDigest, strategy: "blue-green" });
    expect(await steps(deploymentId)).toEqual(planOf(30_000, 60_000, 300_000));
  });

  test("with a file, and what stands beside it goes before what the file says, as JSON too", async () => {
    const body = { agent: "with-a-file", artifactDigest, deploymentFile: file, blueGreen: { cleanupMs: 0 } };
    const answer = await under.fetch("/caxton.v1.AgentDeployment/DeployAgent", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const { deploymentId } = (await answer.json()) as { readonly deploymentId: string };
    expect(await steps(deploymentId)).toEqual(planOf(20_000, 5_000, 0));
  });

  test("a file of another strategy means that one", async () => {
    const deploymentFile = "strategy: canary\nstages:\n- canary: 10% for 1s\n- full: 100%\n";
    const { deploymentId } = await under.connect.deployAgent({ agent: "canary", artifactDigest, deploymentFile });
    const { strategy, steps: planned } = await under.connect.getDeployment({ deploymentId });
    expect([strategy, planned[2]?.share]).toEqual(["canary", 0.1]);
  });

  test.each([
    ["times of blue-green for a canary", { strategy: "canary", blueGreen: {} }, "'blueGreen' is of blue-green"],
    [
      "a file that says something else",
      { strategy: "direct", deploymentFile: file },
      "the deployment file says blue-green",
    ],
    ["no time for a warm-up", { blueGreen: { warmUpMs: 0 } }, "at /blueGreen/warmUpMs: must be > 0"],
    ["a file that is none", { deploymentFile: "strategy: blue-green\nstages: 5\n" }, "2:9: stages are a list"],
  ])("%s is refused", async (_what, request, saying) => {
    const asked = under.connect.deployAgent({ agent: "wrong", artifactDigest, ...request });
    const refused = await asked.then(
      () => expect.fail("it was not refused"),
      (error: unknown) => ConnectError.from(error),
    );
    expect(refused.rawMessage).toContain(saying);
  });
});
