import { randomUUID } from "node:crypto";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { AgentMessages } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { header, outboxStream, outboxSubject } from "@caxton/contracts/subjects";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { historyOf, rolledOut } from "./deployment-history.ts";
import { type GatewayUnderTest, startGatewayUnderTest } from "./gateway-harness.ts";

const agent = "proc";

let under: GatewayUnderTest;
let messages: Client<typeof AgentMessages>;
let epoch: string;

beforeAll(async () => {
  under = await startGatewayUnderTest();
  await under.append(agent, historyOf(rolledOut(agent, randomUUID())));
  const transport = createConnectTransport({ httpVersion: "1.1", baseUrl: under.gateway.httpUrl });
  messages = createClient(AgentMessages, transport);
});
afterAll(() => under[Symbol.asyncDispose]());

async function putOut(kind: string, sequence: number, index = 0): Promise<void> {
  const headers = { [header.output]: `${agent}/${epoch}/${sequence}/${index}` };
  await under.bus.store(outboxSubject(agent, kind), Buffer.from(JSON.stringify({ sequence })), { headers });
}

type Request = Parameters<Client<typeof AgentMessages>["readOutputs"]>[0];

async function positions(request: Request): Promise<readonly number[]> {
  const outputs = await Array.fromAsync(messages.readOutputs({ agent, ...request }));
  return outputs.map(({ position }) => position);
}

test("there is nothing where there is no outbox yet, and no error", async () => {
  expect(await positions({})).toEqual([]);
});

test("the newest ten are shown, in order, with the message that each is of", async () => {
  epoch = await ensureAgentStreams(under.bus, agent);
  expect(await positions({})).toEqual([]);
  for (let sequence = 1; sequence <= 6; sequence += 1) {
    await putOut("alert", sequence);
    await putOut("note", sequence, 1);
  }
  const outputs = await Array.fromAsync(messages.readOutputs({ agent: "pro" }));
  expect(outputs.map(({ position }) => position)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(outputs.at(-1)).toMatchObject({
    agent,
    kind: "note",
    body: '{"sequence":6}',
    epoch,
    sequence: 6,
    index: 1,
    position: 12,
  });
  expect(await positions({ limit: 2 })).toEqual([11, 12]);
  expect(await positions({ limit: 0 })).toEqual([]);
});

test("only those of a kind are counted where one is named", async () => {
  expect(await positions({ kind: "alert", limit: 2 })).toEqual([9, 11]);
  expect(await positions({ kind: "alert", limit: 100 })).toEqual([1, 3, 5, 7, 9, 11]);
  expect(await positions({ kind: "alarm" })).toEqual([]);
});

test("those of a kind are found far behind the newest, and after the outbox was trimmed", async () => {
  const notes = Array.from({ length: 1_200 }, (_, index) => putOut("note", 100 + index));
  await Promise.all(notes);
  expect(await positions({ kind: "alert", limit: 2 })).toEqual([9, 11]);
  await under.bus.streams.purge(outboxStream(agent), { belowSequence: 11 });
  expect(await positions({ kind: "alert", limit: 5 })).toEqual([11]);
});

test("it is followed until the client leaves, and gone on with after a position", async () => {
  const leave = new AbortController();
  const seen: number[] = [];
  const following = (async () => {
    const request = { agent, kind: "alert", follow: true, limit: 1 };
    for await (const { position } of messages.readOutputs(request, { signal: leave.signal })) {
      seen.push(position);
      if (seen.length > 1) leave.abort();
      else {
        await putOut("note", 2_000);
        await putOut("alert", 2_000, 1);
      }
    }
  })();
  await expect(following).rejects.toThrow("aborted");
  const [first, later = 0] = seen;
  expect([first, later]).toEqual([11, 1_214]);
  await putOut("alert", 2_001);
  expect(await positions({ afterPosition: later, limit: 0 })).toEqual([later + 1]);
});

test("what somebody else put there is of no message", async () => {
  await under.bus.store(outboxSubject(agent, "alert"), Buffer.from("hello"));
  const [foreign] = await Array.fromAsync(messages.readOutputs({ agent, limit: 1 }));
  expect(foreign).toMatchObject({ body: "hello", epoch: "", sequence: 0 });
});

test.each([
  [{ kind: "a.b" }, "invalid-argument"],
  [{ limit: -1 }, "invalid-argument"],
  [{ agent: "nobody" }, "unknown-agent"],
])("refuses %j with %s", async (request, code) => {
  const refused = await positions(request).then(
    () => expect.fail("it was not refused"),
    (error: unknown) => ConnectError.from(error),
  );
  expect(refused.metadata.get("caxton-code")).toBe(code);
});
