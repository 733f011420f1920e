import { defaultLimits } from "@caxton/contracts/limits";
import { header } from "@caxton/contracts/subjects";
import { expect, test } from "vitest";
import { startHotPath } from "../harness/hot-path.ts";

const wish = (name: string): string => JSON.stringify({ wish: name });

/** What is sent, and the code it is dead-lettered with after how many attempts. */
const bad: readonly (readonly [body: string | Uint8Array, code: string, attempts: number])[] = [
  ["no json", "message-invalid", 1],
  ["[1]", "message-invalid", 1],
  [Uint8Array.of(0xff, 0xfe), "message-invalid", 0],
  [wish("throw"), "agent-trap", 3],
  [wish("trap"), "agent-trap", 3],
  [wish("eat-memory"), "agent-trap", 3],
  [wish("loop"), "agent-timeout", 3],
  [wish("retry"), "agent-failure", 3],
  [wish("refuse"), "agent-failure", 1],
  [wish("undeclared"), "output-undeclared", 1],
  [wish("not-json"), "output-undeclared", 1],
  [wish("big-output"), "output-too-large", 1],
  // The instance lets it pass; the inbox it is for would not.
  [wish("big-note"), "output-too-large", 1],
];

/** So that what eats memory meets the end of that before the end of its time, also on a busy machine. */
const limits = { ...defaultLimits, memoryMaxBytes: 24 * 1024 * 1024, messageTimeoutMs: 1_500 };

test("what cannot be handled is dead-lettered with its code, and its neighbours are handled", async () => {
  await using path = await startHotPath();
  await path.start("agent-host");
  await path.start("router");
  await path.deploy("moody", "moody-v1-aaaaa", "moody", { limits });
  await path.send("moody", [wish("reply")], { [header.hops]: "17" });
  const good = Array.from({ length: 20 }, () => wish("reply"));
  // The inbox keeps the order of what is stored one after the other.
  for (const [body] of bad) await path.send("moody", [body, ...good]);
  await path.route("moody", {
    revision: 1,
    targets: [{ version: "moody-v1-aaaaa", share: 1, messageTimeoutMs: limits.messageTimeoutMs }],
    closed: [],
  });

  const total = 1 + bad.length * (1 + good.length);
  const outcomes = await path.outcomes("moody", total);
  expect(new Set(outcomes.map(({ sequence }) => sequence)).size).toBe(total);
  const dead = outcomes
    .filter(({ result }) => result === "dead-lettered")
    .map(({ sequence, deadLetter, attempts }) => ({
      sequence,
      body: deadLetter?.bodyBase64,
      code: deadLetter?.code,
      attempts: attempts.length,
    }));
  const expected = bad.map(([body, code, attempts]) => ({
    body: Buffer.from(body).toString("base64"),
    code,
    attempts,
  }));
  const sent = expected.concat({ body: Buffer.from(wish("reply")).toString("base64"), code: "hop-limit", attempts: 0 });
  const sorted = (rows: readonly { body?: string | undefined; code?: string | undefined; attempts: number }[]) =>
    rows.map(({ body, code, attempts }) => `${body} ${code} ${attempts}`).toSorted();
  expect(sorted(dead)).toEqual(sorted(sent));
});

test("a header that is no trace context is not carried on, and hurts nothing", async () => {
  await using path = await startHotPath();
  await path.start("agent-host");
  await path.start("router");
  await path.deploy("moody", "moody-v1-aaaaa", "moody");
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const broken = [
    "no trace",
    trace.toUpperCase(),
    trace.slice(0, -1),
    `${trace}-more`,
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "x".repeat(20_000),
  ];
  for (const traceparent of [trace, ...broken]) await path.send("moody", [wish("reply")], { traceparent });
  await path.route("moody", {
    revision: 1,
    targets: [{ version: "moody-v1-aaaaa", share: 1, messageTimeoutMs: 300 }],
    closed: [],
  });

  const outcomes = await path.outcomes("moody", 1 + broken.length);
  const carried = outcomes
    .toSorted((a, b) => a.sequence - b.sequence)
    .map(({ traceparent }) => traceparent?.slice(3, 35));
  expect(carried).toEqual([trace.slice(3, 35), ...broken.map(() => undefined)]);
  expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(["handled"]));
  const outputs = await path.outbox("moody", outcomes.length);
  expect(outputs.filter(({ headers }) => headers[header.traceparent] !== undefined)).toHaveLength(1);
});
