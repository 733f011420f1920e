import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import type { Inbound } from "@caxton/contracts/inbound";
import { inboxStream, inboxSubject } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { InboxReader } from "../../services/shadow/src/runner/inbox-reader.ts";
import { type NatsServer, startNatsServer } from "../harness/nats-server.ts";

let nats: NatsServer;
let bus: Bus;
let agent = "";
let agents = 0;
const over = new AbortController();

beforeAll(async () => {
  nats = await startNatsServer();
  bus = await connectBus({ url: nats.url, name: "tests" });
});
afterAll(async () => {
  over.abort();
  await bus.close();
  await nats.stop();
});
/** An inbox of ten messages, whose bodies are their sequences. */
beforeEach(async () => {
  agents += 1;
  agent = `agent-${agents}`;
  await ensureAgentStreams(bus, agent);
  for (let sequence = 1; sequence <= 10; sequence += 1)
    await bus.store(inboxSubject(agent), Buffer.from(String(sequence)));
});

async function reader(wants: (message: Inbound) => boolean = () => true): Promise<InboxReader> {
  const epochMs = (await bus.streams.info(inboxStream(agent)))?.createdAtMs ?? 0;
  return new InboxReader({ bus, agent, epochMs, signal: over.signal, wants });
}

async function bodies(inbox: InboxReader, ...sequences: readonly number[]): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for (const sequence of sequences) {
    const message = await inbox.take(sequence);
    found.push(typeof message === "string" ? message : message.body);
  }
  return found;
}

test("messages are had in the order in which they were decided, also what came before the first of them", async () => {
  expect(await bodies(await reader(), 3, 5, 4, 1, 10, 2, 9)).toEqual(["3", "5", "4", "1", "10", "2", "9"]);
});

test("those that are not wanted are told apart, wherever they lie", async () => {
  const inbox = await reader(({ sequence }) => sequence % 2 === 0);
  expect(await bodies(inbox, 4, 3, 5, 6)).toEqual(["4", "unwanted", "unwanted", "6"]);
});

test("what was trimmed is gone: before it was read, and at the very end", async () => {
  const inbox = await reader();
  expect(await bodies(inbox, 2)).toEqual(["2"]);
  await bus.streams.purge(inboxStream(agent), { belowSequence: 8 });
  // Some of them were on their way already; the first and what was never asked for are not.
  expect(await bodies(inbox, 1, 9)).toEqual(["gone", "9"]);
  await bus.streams.remove(inboxStream(agent), [10]);
  expect(await bodies(await reader(), 7, 8, 10)).toEqual(["gone", "8", "gone"]);
});

test("a message that comes later is waited for by its outcome, not by us", async () => {
  const inbox = await reader();
  expect(await bodies(inbox, 10)).toEqual(["10"]);
  await bus.store(inboxSubject(agent), Buffer.from("11"));
  expect(await bodies(inbox, 11)).toEqual(["11"]);
});
