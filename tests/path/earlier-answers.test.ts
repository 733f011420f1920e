import { randomUUID } from "node:crypto";
import { encodeJson } from "@caxton/bus/json";
import { ensureSystemStreams } from "@caxton/bus/system-streams";
import type { Delivery, PullConsumer } from "@caxton/bus/types";
import type { CommandAnswer } from "@caxton/contracts/command-answer";
import { answerSubject, commandStream, commandSubject } from "@caxton/contracts/subjects";
import { EarlierAnswers } from "../../services/orchestrator/src/adapters/earlier-answers.ts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startBus, type TestBus, take } from "../bus/bus-harness.ts";

// What an orchestrator knows of a command's id when the command comes out of the stream. What was looked for ahead is told from what is
// looked for then by an answer that is stored in between, as only another orchestrator could have.
const principal = "ops";
const ackWaitMs = 300;
let at: TestBus;
let consumer: PullConsumer;
let earlier: EarlierAnswers;

beforeAll(async () => {
  at = await startBus();
  await ensureSystemStreams(at.bus);
  consumer = await at.bus.streams.consumer({ stream: commandStream, durable: "test", ackWaitMs, maxAckPending: 16 });
  earlier = new EarlierAnswers(at.bus);
  await earlier.watch().ready;
});

afterAll(() => at[Symbol.asyncDispose]());

let id: string;
beforeEach(() => (id = randomUUID()));

async function given(more: object = {}): Promise<void> {
  await at.bus.store(
    commandSubject(principal, "quake", "pause"),
    encodeJson({ id, deployment: randomUUID(), ...more }),
  );
}

async function answered(): Promise<CommandAnswer> {
  const answer: CommandAnswer = { commandId: id, ok: true, agent: "quake" };
  await at.bus.store(answerSubject(principal, id), encodeJson(answer));
  return answer;
}

async function delivered(): Promise<Delivery> {
  const [delivery] = await take(consumer.fetch({ maxMessages: 1, expiresMs: 5_000 }), 1);
  if (delivery === undefined) throw new Error("no command came");
  return delivery;
}

test("an answer to an earlier command with its id is found", async () => {
  const answer = await answered();
  await given();
  const delivery = await delivered();
  await delivery.ack();
  expect(await earlier.of(delivery, id)).toEqual(answer);
});

test("where there was none when it went by, it is not looked for again", async () => {
  await given();
  const delivery = await delivered();
  await delivery.ack();
  await answered();
  expect(await earlier.of(delivery, id)).toBeUndefined();
});

test("a command that comes again may have been answered since", async () => {
  await given();
  await delivered();
  const answer = await answered();
  const again = await delivered();
  await again.ack();
  expect(again.deliveryCount).toBe(2);
  expect(await earlier.of(again, id)).toEqual(answer);
});

test("two commands with one id: the second sees what the first was told", async () => {
  await given();
  await given({ reason: "again" });
  const [first, second] = [await delivered(), await delivered()];
  expect(await earlier.of(first, id)).toBeUndefined();
  const answer = await answered();
  expect(await earlier.of(second, id)).toEqual(answer);
  await Promise.all([first.ack(), second.ack()]);
});

test("what was found before the connection broke is looked for again", async () => {
  await given();
  const delivery = await delivered();
  await at.server.kill("SIGKILL");
  await at.server.restart();
  const answer = await answered();
  expect(await earlier.of(delivery, id)).toEqual(answer);
  await (await delivered()).ack();
});

test("a command without an id of its own is looked for when it is here", async () => {
  await at.bus.store(commandSubject(principal, "quake", "pause"), encodeJson({}));
  const delivery = await delivered();
  await delivery.ack();
  id = `seq-${delivery.sequence}`;
  const answer = await answered();
  expect(await earlier.of(delivery, id)).toEqual(answer);
});
