import { randomUUID } from "node:crypto";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { encodeJson } from "@caxton/bus/json";
import type { StreamInfo } from "@caxton/bus/types";
import { resendId } from "@caxton/contracts/dead-letters";
import { AgentMessages } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import { messageLife } from "@caxton/contracts/message-life";
import type { Outcome } from "@caxton/contracts/outcome";
import {
  header,
  inboxStream,
  inboxSubject,
  outboxSubject,
  outcomeStream,
  outcomeSubject,
  resendBucket,
  resendKey,
  resentSubject,
} from "@caxton/contracts/subjects";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLedger } from "../../services/ledger/src/service.ts";
import { historyOf, rolledOut } from "./deployment-history.ts";
import { type GatewayUnderTest, silent, startGatewayUnderTest } from "./gateway-harness.ts";

const agent = "proc";
const version = "proc-v1-0aaaa";

let under: GatewayUnderTest;
let ledger: Awaited<ReturnType<typeof startLedger>>;
let messages: Client<typeof AgentMessages>;
let epoch: string;

beforeAll(async () => {
  under = await startGatewayUnderTest();
  const { bus, gateway } = under;
  epoch = await ensureAgentStreams(bus, agent);
  await under.append(agent, historyOf(rolledOut(agent, randomUUID())));
  ledger = await startLedger({ bus, log: silent, id: "ledger" });
  const transport = createConnectTransport({ httpVersion: "1.1", baseUrl: gateway.httpUrl, useBinaryFormat: true });
  messages = createClient(AgentMessages, transport);
});
afterAll(async () => {
  await ledger.close();
  await under[Symbol.asyncDispose]();
});

async function accept(body: string, headers: Record<string, string> = {}): Promise<number> {
  return (await under.bus.store(inboxSubject(agent), Buffer.from(body), { headers })).sequence;
}

async function decide(sequence: number, change: Partial<Outcome>, life = epoch): Promise<number> {
  const attempt = { version, routeRevision: 3, result: "handled" as const, latencyMs: 1.5 };
  const outcome: Outcome = {
    schemaVersion: 1,
    agent,
    epoch: life,
    sequence,
    messageId: `${life}/${sequence}`,
    result: "handled",
    version,
    attempts: [attempt],
    outputs: [],
    hops: 0,
    receivedAtMs: 1_000,
    decidedAtMs: 2_000,
    ...change,
  };
  return (await under.bus.store(outcomeSubject(agent, life, sequence), encodeJson(outcome))).sequence;
}

const dead = (code: string, body: string, headers: Record<string, string> = {}): Partial<Outcome> => ({
  result: "dead-lettered",
  deadLetter: { code, reason: `because of ${code}`, headers, bodyBase64: Buffer.from(body).toString("base64") },
});

async function infoOf(stream: string): Promise<StreamInfo> {
  const info = await under.bus.streams.info(stream);
  if (info === undefined) throw new Error(`no stream ${stream}`);
  return info;
}

const resend = (sequence: number, more: { readonly again?: boolean; readonly epoch?: string } = {}) =>
  messages
    .resendDeadLetters({
      agent,
      letters: [{ epoch: more.epoch ?? "", sequence }],
      actor: "ann",
      reason: "schema\ncorrected",
      again: more.again ?? false,
    })
    .then(({ results }) => results[0] ?? expect.fail("no result"));

describe("dead letters", () => {
  test("are listed by code, version and time, the newest last, and page by page", async () => {
    const codes = ["message-invalid", "agent-failure", "message-invalid"];
    for (const [index, code] of codes.entries()) {
      const sequence = await accept("x");
      await decide(sequence, { ...dead(code, "x"), decidedAtMs: 2_000 + index });
    }
    const all = await messages.listDeadLetters({ agent });
    expect(all).toMatchObject({ total: 3, letters: [{ code: codes[0] }, { code: codes[1] }, { code: codes[2] }] });
    expect(all.letters[0]).toMatchObject({ epoch, reason: "because of message-invalid", version, attempts: 1 });
    const newest = await messages.listDeadLetters({ agent, code: "message-invalid", limit: 1 });
    expect(newest).toMatchObject({ total: 2, letters: [{ sequence: 3 }] });
    const position = all.letters[0]?.position ?? 0;
    const page = await messages.listDeadLetters({ agent, afterPosition: position, limit: 1 });
    expect(page).toMatchObject({ total: 2, letters: [{ sequence: 2 }] });
    expect(await messages.listDeadLetters({ agent, version: "proc-v2" })).toMatchObject({ total: 0 });
    await expect(messages.listDeadLetters({ agent, limit: 0 })).rejects.toThrow(/limit is 0; it is 1 to 1000/);
  });

  test("are sent again once, by whomever and how often they are asked for, unless again is wanted", async () => {
    const headers = { [header.kind]: "event", [header.hops]: "7", "Nats-Msg-Id": "old", "X-Own": "kept" };
    const sequence = await accept("body", headers);
    await decide(sequence, dead("agent-failure", "body", headers));
    const many = await Promise.all(Array.from({ length: 5 }, () => resend(sequence)));
    const sent = many.filter(({ errorCode, already }) => errorCode === "" && !already);
    const [first] = sent;
    expect(new Set(sent.map(({ resentAs }) => resentAs)).size).toBe(1);
    expect(
      many.filter(({ errorCode }) => errorCode !== "").every(({ errorCode }) => errorCode === "wrong-sequence"),
    ).toBe(true);
    const again = await resend(sequence);
    expect(again).toMatchObject({ already: true, resentAs: first?.resentAs, resentEpoch: epoch });
    const stored = await under.bus.streams.get(inboxStream(agent), first?.resentAs ?? 0);
    expect(Buffer.from(stored?.data ?? []).toString()).toBe("body");
    expect(stored?.headers).toEqual({
      [header.kind]: "event",
      "X-Own": "kept",
      [header.messageId]: resendId(agent, epoch, sequence, 1),
      // The server keeps what was expected of it too.
      "Nats-Expected-Last-Subject-Sequence": "0",
      [header.repeats]: `${epoch}/${sequence}`,
      [header.repeatedBy]: "ann",
      [header.repeatReason]: "schema corrected",
    });
    const insisted = await resend(sequence, { again: true });
    expect(insisted).toMatchObject({ already: false, errorCode: "" });
    expect(insisted.resentAs).toBeGreaterThan(first?.resentAs ?? 0);
    await decide(insisted.resentAs, { messageId: resendId(agent, epoch, sequence, 2) });
    const { letters } = await messages.listDeadLetters({ agent, limit: 1 });
    expect(letters[0]).toMatchObject({
      sequence,
      resent: { attempt: 2, actor: "ann", reason: "schema corrected", sequence: insisted.resentAs, became: "handled" },
    });
    const repeated = await messages.getMessage({ agent, sequence: insisted.resentAs });
    expect(repeated.message).toMatchObject({ state: "handled", repeats: `${epoch}/${sequence}` });
  });

  test("whose sending broke off after the message was stored are not sent twice, in whatever window", async () => {
    const sequence = await accept("half");
    await decide(sequence, dead("agent-failure", "half"));
    const records = await under.bus.kv(resendBucket);
    const beyond = (await under.bus.streams.info(inboxStream(agent)))?.lastSequence ?? 0;
    const record = { attempt: 1, actor: "ann", reason: "", atMs: 1, toEpoch: epoch, beyond };
    await records.create(resendKey(agent, epoch, sequence), encodeJson(record));
    // Stored with the id in its headers, but out of the window in which the server knows it: as an hour later.
    const id = resendId(agent, epoch, sequence, 1);
    const subject = resentSubject(agent, epoch, sequence, 1);
    const stored = await under.bus.store(subject, Buffer.from("half"), { headers: { "Nats-Msg-Id": id } });
    expect(await resend(sequence)).toMatchObject({ already: true, resentAs: stored.sequence });
    const other = await accept("other");
    await decide(other, dead("agent-failure", "other"));
    await records.create(resendKey(agent, epoch, other), encodeJson({ ...record, beyond: stored.sequence }));
    expect(await resend(other)).toMatchObject({ already: false, resentAs: other + 1 });
  });

  test("of handled and unknown messages there are none", async () => {
    const sequence = await accept("fine");
    await decide(sequence, {});
    expect(await resend(sequence)).toMatchObject({ errorCode: "unknown-message", resentAs: 0 });
    expect(await resend(sequence + 1_000)).toMatchObject({ errorCode: "unknown-message" });
    await expect(resend(0)).rejects.toThrow(/messages are numbered from 1/);
  });
});

describe("a message", () => {
  test("is told from its coming in to where its output lies", async () => {
    const sequence = await accept("told", { [header.kind]: "event" });
    const pending = messageLife.check((await messages.getMessage({ agent, sequence })).message);
    expect(pending).toMatchObject({ state: "pending", kept: true, kind: "event", outputs: [] });
    expect(pending.pendingBecause).toMatch(/no version of proc receives messages/);
    const outputs = ["a", "b"].map((body) => ({ kind: "alert", body }));
    const position = await decide(sequence, { outputs });
    const { createdAtMs } = await infoOf(outcomeStream(agent));
    const headers = {
      [header.output]: `${agent}/${epoch}/${sequence}/0`,
      [header.relayPosition]: `${createdAtMs}.${position}.0`,
    };
    const outbox = await under.bus.store(outboxSubject(agent, "alert"), Buffer.from("a"), { headers });
    const handled = messageLife.check((await messages.getMessage({ agent, sequence })).message);
    expect(handled).toMatchObject({
      state: "handled",
      version,
      attempts: [{ routeRevision: 3, latencyMs: 1.5 }],
      outputs: [{ passedOn: true, outboxSequence: outbox.sequence }, { passedOn: false }],
    });
    expect(Buffer.from(handled.bodyBase64 ?? "", "base64").toString()).toBe("told");
  });

  test("that the inbox no longer holds is told from its outcome; one that never was is unknown", async () => {
    const { lastSequence } = await infoOf(inboxStream(agent));
    await under.bus.streams.purge(inboxStream(agent), { belowSequence: lastSequence });
    expect((await messages.getMessage({ agent, sequence: 1 })).message).toMatchObject({
      state: "dead-lettered",
      kept: false,
      deadLetter: { code: "message-invalid" },
    });
    await expect(messages.getMessage({ agent, sequence: 9_999 })).rejects.toThrow(/nothing is kept of a message 9999/);
  });

  test("of an earlier life of the inbox is named by its epoch, and its dead letter can be sent again", async () => {
    const earlier = epoch;
    await under.bus.streams.delete(inboxStream(agent));
    epoch = await ensureAgentStreams(under.bus, agent);
    expect(epoch).not.toBe(earlier);
    await accept("new life");
    expect((await messages.getMessage({ agent, sequence: 1 })).message).toMatchObject({ epoch, state: "pending" });
    const old = await messages.getMessage({ agent, sequence: 1, epoch: earlier });
    expect(old.message).toMatchObject({ epoch: earlier, state: "dead-lettered" });
    expect(await resend(1, { epoch: earlier })).toMatchObject({ epoch: earlier, resentAs: 2, resentEpoch: epoch });
    const { letters } = await messages.listDeadLetters({ agent, epoch: earlier, afterPosition: 0, limit: 1 });
    expect(letters[0]).toMatchObject({ sequence: 1, resent: { epoch, sequence: 2, became: "pending" } });
  });
});
