import { randomUUID } from "node:crypto";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { StoredMessage } from "@caxton/bus/types";
import { Parser } from "@asyncapi/parser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startOrchestrator } from "../../services/orchestrator/src/service.ts";
import { FetchedDocument } from "../harness/fetched-document.ts";
import { type GatewayUnderTest, silent, startGatewayUnderTest } from "./gateway-harness.ts";

let under: GatewayUnderTest;
let orchestrator: Awaited<ReturnType<typeof startOrchestrator>>;
let text: string;
let document: FetchedDocument;
beforeAll(async () => {
  under = await startGatewayUnderTest();
  const { bus, eventStore } = under;
  orchestrator = await startOrchestrator({ bus, eventStore, log: silent, id: "orchestrator" });
  text = await (await under.fetch("/asyncapi.json")).text();
  document = new FetchedDocument(JSON.parse(text));
});
afterAll(async () => {
  await orchestrator.close();
  await under[Symbol.asyncDispose]();
});

test("the AsyncAPI document is one, by the parser of those who made AsyncAPI", async () => {
  const { document: parsed, diagnostics } = await new Parser().parse(text);
  expect(parsed?.version()).toBe("3.0.0");
  // 3.1 is recommended; what makes clients of such documents mostly knows 3.0.
  expect(diagnostics.filter(({ code }) => code !== "asyncapi-latest-version")).toEqual([]);
});

/** The subject that an address stands for; what has no value stays open. */
function subjectOf(address: string, values: Readonly<Record<string, string>>): string {
  return address.replaceAll(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? "*");
}

async function first(stream: string, filterSubject: string): Promise<StoredMessage> {
  for await (const message of under.bus.streams.follow(stream, {
    filterSubject,
    signal: AbortSignal.timeout(20_000),
  })) {
    return message;
  }
  throw new Error(`nothing came on ${filterSubject}`);
}

/** The example that the document has of a command. */
const exampleOf = (verb: string): readonly string[] => [
  "operations",
  verb,
  "messages",
  "0",
  "examples",
  "0",
  "payload",
];

/** An operation carried out as a stranger would who has nothing else: its address, its example, where its answer comes. */
async function carryOut(verb: string, agent: string): Promise<unknown> {
  const values = { principal: "stranger", agent, commandId: document.text(...exampleOf(verb), "id") };
  const subject = subjectOf(document.text("operations", verb, "channel", "address"), values);
  await under.bus.store(subject, encodeJson(document.find(...exampleOf(verb))));
  const reply = ["operations", verb, "reply", "channel"];
  const answers = subjectOf(document.text(...reply, "address"), values);
  const answer: unknown = decodeJson((await first(document.text(...reply, "x-stream", "name"), answers)).data);
  expect(document.problems(answer, ...answerPayload)).toEqual([]);
  return answer;
}

const answerPayload = ["components", "messages", "answer", "payload"];

test("every command works with the document's own example", async () => {
  const verbs = document
    .names("operations")
    .filter(
      (name) =>
        document.find("operations", name, "reply", "channel", "address") ===
        document.find("channels", "answers", "address"),
    );
  expect(verbs).toEqual(expect.arrayContaining(["deploy", "abort", "rollback"]));
  const artifacts = await under.bus.objects("caxton-artifacts");
  await artifacts.put(document.text(...exampleOf("deploy"), "artifact", "digest"), new Blob(["any bytes"]).stream());
  expect(await carryOut("deploy", "described")).toMatchObject({
    ok: true,
    commandId: document.text(...exampleOf("deploy"), "id"),
    deployment: document.text(...exampleOf("deploy"), "deployment"),
  });
  for (const verb of verbs.filter((name) => name !== "deploy")) {
    const answer = await carryOut(verb, "described");
    expect(answer).toMatchObject({ verb, agent: "described" });
    // Whether it may be done now is for the state to say; that it is a command is what the document promises.
    expect([verb, answer]).not.toMatchObject([verb, { error: { code: "invalid-command" } }]);
  }
});

test("a command that the document refuses is refused, and the refusal is described", async () => {
  const id = randomUUID();
  const body = { id, deployment: "not a uuid", misspelled: true };
  expect(document.problems(body, "components", "messages", "deploy", "payload")).not.toEqual([]);
  await under.bus.store("caxton.commands.stranger.described.deploy", encodeJson(body));
  const answer: unknown = decodeJson((await first("CAXTON_ANSWERS", `caxton.answers.stranger.${id}`)).data);
  expect(answer).toMatchObject({ ok: false, error: { code: "invalid-command" } });
  expect(document.problems(answer, ...answerPayload)).toEqual([]);
});

test("every event that was published is one of the document's messages", async () => {
  const stream = "CAXTON_DEPLOYMENTS";
  const seen: string[] = [];
  // The example's deployment was taken back; its freeze was lifted.
  await first(stream, "caxton.deployments.described.*.DeploymentRolledBack");
  await first(stream, "caxton.freezes.described.FreezeEnded");
  for await (const { subject, data } of under.bus.streams.read(stream)) {
    const [, channel = "", , ...rest] = subject.split(".");
    const event = rest.at(-1) ?? "";
    seen.push(event);
    expect(document.names("channels", channel, "messages")).toContain(event);
    expect(document.problems(decodeJson(data), "components", "messages", event, "payload")).toEqual([]);
  }
  expect(seen).toEqual(expect.arrayContaining(["DeploymentRequested", "FreezeStarted", "FreezeEnded"]));
});
