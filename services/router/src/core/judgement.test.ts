import type { Attempt } from "@caxton/contracts/outcome";
import { describe, expect, test } from "vitest";
import { inboundOf } from "@caxton/contracts/inbound";
import { judge, judgeCrash, judgeSilence, maxSilences, refusal } from "./judgement.ts";

const asked = { version: "a-v1-11111", routeRevision: 3 };
const failed = (code: string, retry: boolean) =>
  ({ index: 0, result: "failed", code, reason: "because", retry, latencyMs: 1 }) as const;
const attempt = (version: string): Attempt => ({
  ...asked,
  version,
  result: "failed",
  code: "agent-trap",
  latencyMs: 1,
});
const raw = { sequence: 7, headers: {}, data: new TextEncoder().encode("{}"), storedAtMs: 1, deliveryCount: 1 };

describe("an answer", () => {
  test.each(["agent-failure", "message-invalid", "output-undeclared", "output-too-large"])(
    "%s without retry is final at once",
    (code) => {
      expect(judge([], asked, failed(code, false))).toMatchObject({ kind: "dead-lettered", code, attempt: { code } });
    },
  );

  test.each(["agent-trap", "agent-timeout"])("%s is tried three times, whatever it says of retrying", (code) => {
    expect(judge([], asked, failed(code, false)).kind).toBe("again");
    expect(judge([attempt(asked.version)], asked, failed(code, false)).kind).toBe("again");
    const last = judge([attempt(asked.version), attempt(asked.version)], asked, failed(code, false));
    expect(last).toMatchObject({ kind: "dead-lettered", code, reason: "because" });
  });

  test("a timeout is asked again alone, a failure that may pass after a while", () => {
    expect(judge([], asked, failed("agent-timeout", false))).toMatchObject({
      kind: "again",
      asking: "alone",
      delayMs: 0,
    });
    expect(judge([], asked, failed("agent-failure", true))).toMatchObject({ asking: "batch", delayMs: 50 });
    expect(judge([attempt(asked.version)], asked, failed("agent-failure", true))).toMatchObject({ delayMs: 200 });
  });

  test("failures of another version do not count", () => {
    const others = [attempt("b"), attempt("b"), attempt("b")];
    expect(judge(others, asked, failed("agent-trap", false)).kind).toBe("again");
  });

  test("unfinished is nobody's fault", () => {
    const again = judge([], asked, { index: 0, result: "unfinished" });
    expect(again).toEqual({ kind: "again", asking: "alone", delayMs: 0 });
  });
});

describe("a crash", () => {
  test("blames nobody while others were there, and the only one when it was alone", () => {
    expect(judgeCrash([], asked, false, "gone", 5)).toEqual({ kind: "again", asking: "suspect", delayMs: 0 });
    expect(judgeCrash([], asked, true, "gone", 5)).toMatchObject({
      asking: "suspect",
      attempt: { code: "agent-crash" },
    });
    const twice = [attempt(asked.version), attempt(asked.version)];
    expect(judgeCrash(twice, asked, true, "gone", 5)).toMatchObject({ kind: "dead-lettered", code: "agent-crash" });
  });
});

test("silence is bounded, and never asked about again at once", () => {
  expect(judgeSilence(1)).toEqual({ kind: "again", asking: "alone", delayMs: 50 });
  expect(judgeSilence(maxSilences)).toMatchObject({ kind: "again", delayMs: 1_000 });
  expect(judgeSilence(maxSilences + 1)).toMatchObject({ kind: "dead-lettered", code: "undecided" });
});

describe("nobody is asked about", () => {
  test.each([
    ["hop-limit", { headers: { "Caxton-Hops": "17" } }],
    ["undecided", { deliveryCount: 1_001 }],
    ["message-invalid", { data: Uint8Array.of(0xff) }],
  ])("%s", (code, more) => {
    expect(refusal(inboundOf("a", "1", { ...raw, ...more }))).toMatchObject({ code });
  });

  test("everything at its bound is let in", () => {
    const atBounds = { ...raw, headers: { "Caxton-Hops": "16" }, deliveryCount: 1_000 };
    expect(refusal(inboundOf("a", "1", atBounds))).toBeUndefined();
  });
});
