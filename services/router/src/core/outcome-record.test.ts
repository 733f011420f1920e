import { outcomeMaxBytes } from "@caxton/contracts/limits";
import { Outcome } from "@caxton/contracts/outcome";
import { checker } from "@caxton/contracts/schema";
import { expect, test } from "vitest";
import { inboundOf } from "@caxton/contracts/inbound";
import { outcomeRecord } from "./outcome-record.ts";

const schema = checker("outcome", Outcome);
const attempt = { version: "a-v1-11111", routeRevision: 1, result: "handled", latencyMs: 0.5 } as const;
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const message = (headers: Record<string, string> = {}, body = "{}") =>
  inboundOf("a", "99", { sequence: 7, headers, data: new TextEncoder().encode(body), storedAtMs: 5, deliveryCount: 1 });

test("a handled message carries its outputs, its producer's id and its trace", () => {
  const headers = { "Nats-Msg-Id": "order-1", traceparent };
  const outputs = [{ kind: "reply", body: "{}" }];
  const { outcome } = outcomeRecord(message(headers), [], { kind: "handled", attempt, outputs }, 9);
  expect(schema.check(outcome)).toEqual({
    schemaVersion: 1,
    agent: "a",
    epoch: "99",
    sequence: 7,
    messageId: "order-1",
    result: "handled",
    version: "a-v1-11111",
    attempts: [attempt],
    outputs,
    hops: 0,
    receivedAtMs: 5,
    decidedAtMs: 9,
    traceparent,
  });
});

test("a dead letter keeps the message, and no version where none was asked", () => {
  const final = { kind: "dead-lettered", code: "hop-limit", reason: "too far" } as const;
  const { outcome } = outcomeRecord(message({ "Caxton-Hops": "17" }, "hé"), [], final, 9);
  expect(schema.check(outcome).version).toBeUndefined();
  expect(outcome.messageId).toBe("99/7");
  expect(Buffer.from(outcome.deadLetter?.bodyBase64 ?? "", "base64").toString()).toBe("hé");
  expect(outcome.deadLetter?.headers).toEqual({ "Caxton-Hops": "17" });
});

test("outputs that no outcome can hold make a dead letter that fits", () => {
  // Quotes double in JSON text.
  const outputs = [{ kind: "reply", body: '"'.repeat(500_000) }];
  const { outcome, data } = outcomeRecord(message(), [], { kind: "handled", attempt, outputs }, 9);
  expect(data.length).toBeLessThanOrEqual(outcomeMaxBytes);
  expect(schema.check(outcome)).toMatchObject({
    result: "dead-lettered",
    outputs: [],
    deadLetter: { code: "output-too-large" },
    attempts: [{ result: "failed", code: "output-too-large" }],
  });
});

test("an output larger than another agent's inbox takes is a dead letter, not a stuck relay", () => {
  const outputs = [{ to: "b", kind: "note", body: "x".repeat(256 * 1024) }];
  const { outcome } = outcomeRecord(message(), [], { kind: "handled", attempt, outputs }, 9);
  expect(outcome.deadLetter?.code).toBe("output-too-large");
});

test("absurd headers do not keep a dead letter from being stored", () => {
  const headers = { absurd: "\u0001".repeat(200_000), kept: "yes" };
  const final = { kind: "dead-lettered", code: "message-invalid", reason: "no" } as const;
  const { outcome, data } = outcomeRecord(message(headers), [], final, 9);
  expect(data.length).toBeLessThanOrEqual(outcomeMaxBytes);
  expect(outcome.deadLetter?.headers).toEqual({ kept: "yes" });
});
