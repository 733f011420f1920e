import { randomUUID } from "node:crypto";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { encodeJson } from "@caxton/bus/json";
import { AgentMessages } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { epochOf, type Outcome } from "@caxton/contracts/outcome";
import { inboxStream, inboxSubject, outcomeSubject } from "@caxton/contracts/subjects";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isLong } from "../harness/long.ts";
import { beginMs, historyOf, rolledOut } from "./deployment-history.ts";
import { type GatewayUnderTest, startGatewayUnderTest } from "./gateway-harness.ts";

const agent = "many";
const count = isLong ? 100_000 : 10_000;
const atOnce = 500;
const growthMaxMib = 10;
const deployment = randomUUID();
let under: GatewayUnderTest;

beforeAll(async () => {
  under = await startGatewayUnderTest();
  const { bus } = under;
  await ensureAgentStreams(bus, agent);
  const back = { deployment, reason: "bad", atMs: beginMs, commandId: randomUUID() };
  await under.append(agent, [...historyOf(rolledOut(agent, deployment)), { type: "DeploymentRolledBack", ...back }]);
  const { version } = await under.connect.getDeployment({ deploymentId: deployment });
  const epoch = epochOf((await bus.streams.info(inboxStream(agent)))?.createdAtMs ?? 0);
  for (let at = 1; at <= count; at += atOnce) {
    await Promise.all(
      Array.from({ length: atOnce }, async (_, n) => {
        await bus.store(inboxSubject(agent), Buffer.from("{}"));
        await bus.store(outcomeSubject(agent, epoch, at + n), encodeJson(outcomeOf(epoch, at + n, version)));
      }),
    );
  }
}, 120_000);
afterAll(() => under[Symbol.asyncDispose]());

function outcomeOf(epoch: string, sequence: number, version: string): Outcome {
  return {
    schemaVersion: 1,
    agent,
    epoch,
    sequence,
    messageId: String(sequence),
    result: "handled",
    version,
    attempts: [{ version, routeRevision: 1, result: "handled", latencyMs: 1 }],
    outputs: [{ kind: "alert", body: JSON.stringify({ text: "x".repeat(1_000) }) }],
    hops: 0,
    receivedAtMs: beginMs,
    decidedAtMs: beginMs + 1,
  };
}

function isCollector(value: unknown): value is () => void {
  return typeof value === "function";
}

function heapMib(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (!isCollector(collect)) throw new Error("there is no garbage collector to call");
  collect();
  return process.memoryUsage().heapUsed / 1_048_576;
}

test("what a redrive would do is listed one after the other: however many there are, they are not in memory", async () => {
  const transport = createConnectTransport({ httpVersion: "1.1", baseUrl: under.gateway.httpUrl });
  const messages = createClient(AgentMessages, transport);
  const beforeMib = heapMib();
  let mostMib = 0;
  let listed = 0;
  let due = 0;
  for await (const { messages: some, summary } of messages.listRedrivable({ deploymentId: deployment })) {
    listed += some.length;
    due = summary?.due ?? due;
    if (listed % (count / 10) === 0) mostMib = Math.max(mostMib, heapMib());
  }
  expect([listed, due]).toEqual([count, count]);
  // Their outcomes alone are more than that.
  process.stdout.write(
    `${count} listed, the heap grew from ${beforeMib.toFixed(1)} to ${mostMib.toFixed(1)} MiB at most\n`,
  );
  expect(mostMib - beforeMib).toBeLessThan(growthMaxMib);
});
