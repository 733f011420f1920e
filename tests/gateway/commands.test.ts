import { randomUUID } from "node:crypto";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { ensureSystemStreams } from "@caxton/bus/system-streams";
import { header, inboxStream } from "@caxton/contracts/subjects";
import { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startOrchestrator } from "../../services/orchestrator/src/service.ts";
import { type GatewayUnderTest, silent, startGatewayUnderTest } from "./gateway-harness.ts";

const codeOf = (asked: Promise<unknown>): Promise<string | null> =>
  asked.then(
    () => "accepted",
    (error: unknown) => ConnectError.from(error).metadata.get("caxton-code"),
  );

describe("commands", () => {
  let under: GatewayUnderTest;
  let orchestrator: Awaited<ReturnType<typeof startOrchestrator>>;
  const artifactDigest = "c".repeat(64);
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

  test("a deployment is asked for, shown, and aborted; asking twice is asking once", async () => {
    const deploymentId = randomUUID();
    const commandId = randomUUID();
    const request = { agent: "proc", artifactDigest, deploymentId, context: { commandId, actor: "ada" } };
    const answer = await under.grpc.deployAgent(request);
    expect(answer).toMatchObject({ deploymentId, agent: "proc" });
    expect(await under.connect.deployAgent(request)).toMatchObject({ deploymentId, agent: "proc" });
    expect(await under.connect.getDeployment({ deploymentId })).toMatchObject({
      actor: "ada (gateway)",
      state: "Validating",
    });
    await under.connect.abortDeployment({ deploymentId: deploymentId.slice(0, 13), context: { reason: "enough" } });
    for await (const { deployment } of under.connect.watchDeployment({ deploymentId })) {
      if (deployment?.state === "RolledBack") break;
    }
    const { deployments } = await under.connect.listDeployments({ agent: "proc" });
    expect(deployments.map(({ id, rollbackReason }) => [id, rollbackReason])).toEqual([[deploymentId, "enough"]]);
  });

  test("refusals keep their code, whoever refuses", async () => {
    const { deployAgent, abortDeployment } = under.connect;
    expect(await codeOf(deployAgent({ agent: "No Name", artifactDigest }))).toBe("invalid-agent-name");
    expect(await codeOf(deployAgent({ agent: "proc", artifactDigest: "123" }))).toBe("invalid-argument");
    expect(await codeOf(deployAgent({ agent: "proc", artifactDigest, strategy: "yolo" }))).toBe("invalid-argument");
    expect(await codeOf(deployAgent({ agent: "proc", artifactDigest, deploymentId: "dep-1" }))).toBe("invalid-command");
    expect(await codeOf(deployAgent({ agent: "proc", artifactDigest, limits: { memoryMaxBytes: 1 } }))).toBe(
      "invalid-command",
    );
    expect(await codeOf(deployAgent({ agent: "proc", artifactDigest: "d".repeat(64) }))).toBe("unknown-artifact");
    expect(await codeOf(abortDeployment({ deploymentId: "nothing" }))).toBe("unknown-deployment");
  });

  test("messages go into the inbox in order, each with its own result", async () => {
    await ensureAgentStreams(under.bus, "sorter");
    const messages = [
      { body: "1", kind: "number", id: "one" },
      { body: "2" },
      { body: "3", id: "one" },
      { body: "x".repeat(300_000) },
    ];
    const { results } = await under.connect.sendMessages({ agent: "sorter", messages });
    expect(results.map(({ sequence, duplicate, errorCode }) => [sequence, duplicate, errorCode])).toEqual([
      [1, false, ""],
      [2, false, ""],
      [1, true, ""],
      [0, false, "message-too-large"],
    ]);
    const stored = await under.bus.streams.get(inboxStream("sorter"), 1);
    expect([Buffer.from(stored?.data ?? []).toString(), stored?.headers[header.kind]]).toEqual(["1", "number"]);
    expect(await codeOf(under.connect.sendMessages({ agent: "nobody", messages: [{ body: "1" }] }))).toBe(
      "unknown-agent",
    );
  });

  test("what may have been accepted is sent again and stored once, also when the duplicate window is over", async () => {
    await ensureAgentStreams(under.bus, "again", { duplicateWindowMs: 100 });
    const send = async (ids: readonly string[], unlessAfter?: number) => {
      const messages = ids.map((id) => ({ body: "1", id }));
      const again = unlessAfter === undefined ? {} : { unlessAfter };
      const { results } = await under.connect.sendMessages({ agent: "again", messages, ...again });
      return results.map(({ sequence, duplicate }) => [sequence, duplicate]);
    };
    expect(await send(["b", "a"])).toEqual([
      [1, false],
      [2, false],
    ]);
    await expect.poll(() => send(["a"]), { timeout: 10_000 }).toEqual([[3, false]]);
    expect(await send(["b", "c"], 0)).toEqual([
      [1, true],
      [4, false],
    ]);
    expect(await send(["b"], 1)).toEqual([[5, false]]);
  });

  test("POST takes one message, or one a line", async () => {
    await ensureAgentStreams(under.bus, "poster");
    const post = (body: string, headers: Record<string, string> = {}) =>
      under.fetch("/agents/poster/messages", { method: "POST", body, headers });
    expect(await (await post('{"n":1}', { "caxton-kind": "order" })).json()).toMatchObject({
      results: [{ sequence: 1 }],
    });
    const lines = await post('{"n":2}\n{"n":3}\n', { "content-type": "application/x-ndjson" });
    expect(await lines.json()).toMatchObject({ results: [{ sequence: 2 }, { sequence: 3 }] });
    expect((await under.bus.streams.get(inboxStream("poster"), 1))?.headers[header.kind]).toBe("order");
    expect((await under.fetch("/agents/nobody/messages", { method: "POST", body: "1" })).status).toBe(404);
  });

  test("no ledger and no watcher is said in so many words", async () => {
    expect(await codeOf(under.connect.getLedger({ agent: "proc" }))).toBe("service-unavailable");
    expect(await codeOf(under.connect.getWindows({ agent: "proc" }))).toBe("service-unavailable");
  });
});

describe("without an orchestrator", () => {
  test("a command says so in time, stays in line, and its answer is found when it comes later", async () => {
    await using under = await startGatewayUnderTest(500);
    const request = { agent: "proc", artifactDigest: "c".repeat(64), context: { commandId: randomUUID() } };
    expect(await codeOf(under.connect.deployAgent(request))).toBe("service-unavailable");
    await ensureSystemStreams(under.bus);
    expect(await codeOf(under.connect.deployAgent(request))).toBe("service-unavailable");
    const { bus, eventStore } = under;
    const orchestrator = await startOrchestrator({ bus, eventStore, log: silent, id: "orchestrator" });
    expect(await codeOf(under.connect.deployAgent(request))).toBe("unknown-artifact");
    await orchestrator.close();
    expect(await codeOf(under.connect.deployAgent(request))).toBe("unknown-artifact");
  });
});
