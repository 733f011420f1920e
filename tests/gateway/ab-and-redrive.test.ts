import { randomUUID } from "node:crypto";
import { AgentMessages } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLedger } from "../../services/ledger/src/service.ts";
import { startOrchestrator } from "../../services/orchestrator/src/service.ts";
import { historyOf, rolledOut } from "./deployment-history.ts";
import { type GatewayUnderTest, silent, startGatewayUnderTest } from "./gateway-harness.ts";

const artifactDigest = "c".repeat(64);
const agent = "scored";
const live = randomUUID();
let under: GatewayUnderTest;
let messages: Client<typeof AgentMessages>;
let orchestrator: Awaited<ReturnType<typeof startOrchestrator>>;
let ledger: Awaited<ReturnType<typeof startLedger>>;

beforeAll(async () => {
  under = await startGatewayUnderTest();
  const { bus, eventStore, gateway } = under;
  messages = createClient(AgentMessages, createConnectTransport({ httpVersion: "1.1", baseUrl: gateway.httpUrl }));
  ledger = await startLedger({ bus, log: silent, id: "ledger" });
  await (await bus.objects("caxton-artifacts")).put(artifactDigest, new Blob(["any bytes"]).stream());
  await under.append(agent, historyOf(rolledOut(agent, live)));
  orchestrator = await startOrchestrator({ bus, eventStore, log: silent, id: "orchestrator" });
});
afterAll(async () => {
  await orchestrator.close();
  await ledger.close();
  await under[Symbol.asyncDispose]();
});

/** The code and the message that it was refused with. */
async function refusal(asked: Promise<unknown>): Promise<readonly [string | null, string]> {
  const error: unknown = await asked.then(
    () => expect.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  const { metadata, rawMessage } = ConnectError.from(error);
  return [metadata.get("caxton-code"), rawMessage];
}

describe("an A/B test", () => {
  test("is asked for by gRPC, by JSON, and with a deployment file", async () => {
    const byField = await under.grpc.deployAgent({
      agent,
      artifactDigest,
      ab: { measure: "$.score of assessment", better: "lower", share: 0.2, durationMs: 60_000 },
    });
    const body = { agent, artifactDigest, strategy: "ab", ab: { measure: "rate of alert" } };
    const answer = await under.fetch("/caxton.v1.AgentDeployment/DeployAgent", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const byJson = (await answer.json()) as { readonly deploymentId: string };
    const deploymentFile = "deployment:\n  strategy: ab\n  duration: 2m\n  measure: $.score\n";
    const byFile = await under.connect.deployAgent({ agent, artifactDigest, deploymentFile });
    const found = await Promise.all(
      [byField, byJson, byFile].map(({ deploymentId }) => under.connect.getDeployment({ deploymentId })),
    );
    const shares = found.map(({ strategy, steps }) => [
      strategy,
      ...steps.slice(2, 5).map(({ kind, share, watchMs }) => [kind, share, watchMs].filter((one) => one !== undefined)),
    ]);
    const then = [["approve"], ["shift", 1]];
    expect(shares).toEqual([
      ["ab", ["shift", 0.2, 60_000], ...then],
      ["ab", ["shift", 0.5, 3_600_000], ...then],
      ["ab", ["shift", 0.5, 120_000], ...then],
    ]);
    expect(await refusal(under.connect.getAbReport({ deploymentId: byField.deploymentId }))).toEqual([
      "not-allowed-now",
      expect.stringContaining("has not begun"),
    ]);
  });

  test.each([
    ["nothing that is measured", { strategy: "ab" }, "invalid-argument", "needs a measure"],
    ["a measure that is none", { ab: { measure: "score" } }, "invalid-argument", "'score' is no measure"],
    ["a direction that is none", { ab: { measure: "$.a", better: "up" } }, "invalid-argument", "'up' is no direction"],
    ["all of the messages", { ab: { measure: "$.a", share: 1 } }, "invalid-command", "/ab/share: must be < 1"],
    ["another strategy", { strategy: "canary", ab: { measure: "$.a" } }, "invalid-argument", "'ab' is of ab"],
  ])("with %s is refused", async (_what, request, code, saying) => {
    const asked = under.connect.deployAgent({ agent, artifactDigest, ...request });
    expect(await refusal(asked)).toEqual([code, expect.stringContaining(saying)]);
  });

  test("is no report of what is none", async () => {
    expect(await refusal(under.connect.getAbReport({ deploymentId: live }))).toEqual([
      "invalid-argument",
      expect.stringContaining("is no A/B test, it is direct"),
    ]);
  });
});

describe("a redrive", () => {
  test("is refused for what was not rolled back, by every way in", async () => {
    const saying = ["not-allowed-now", expect.stringContaining("is Running; a redrive is of one that was rolled back")];
    expect(await refusal(messages.redriveDeployment({ deploymentId: live }))).toEqual(saying);
    expect(await refusal(Array.fromAsync(messages.listRedrivable({ deploymentId: live })))).toEqual(saying);
    expect(await refusal(messages.redriveDeployment({ deploymentId: randomUUID() }))).toEqual([
      "unknown-deployment",
      expect.any(String),
    ]);
    expect(await refusal(messages.redriveDeployment({ deploymentId: live, limit: 0 }))).toEqual([
      "invalid-command",
      expect.stringContaining("/limit: must be >= 1"),
    ]);
  });
});
