import type { RunResult } from "@caxton/contracts/agent-run";
import { describe, expect, it } from "vitest";
import { blockMs } from "./steadiness.ts";
import { type TallyOptions, type WarmUpMessage, WarmUpTally } from "./warm-up-tally.ts";

const messages: readonly WarmUpMessage[] = Array.from({ length: 40 }, (_, index) => ({
  name: `message ${index + 1}`,
  id: `warm-up/1/${index + 1}`,
  body: "{}",
  sequence: index + 1,
}));
const nobody: WarmUpMessage = { name: "nobody", id: "", body: "" };
const tallyOf = (more: Partial<TallyOptions> = {}): WarmUpTally =>
  new WarmUpTally({ source: "history", messages, instances: 1, mayRefuse: false, ...more });
const handled = (latencyMs = 1): RunResult => ({ index: 0, result: "handled", outputs: [], latencyMs });
const failed = (code = "agent-failure", retry = false): RunResult => ({
  index: 0,
  result: "failed",
  code,
  reason: "no",
  retry,
  latencyMs: 1,
});

/** Answers every message of a round, a block's time apart from round to round. */
function round(
  tally: WarmUpTally,
  number: number,
  answer: (message: WarmUpMessage) => RunResult,
  instance = "a",
): void {
  const most = messages.length;
  tally.take(most).forEach((message, index) => {
    const atMs = number * blockMs * 2 + (index * blockMs) / (most - 1);
    const bad = tally.answered(message, answer(message), instance, atMs);
    if (bad !== undefined && tally.isRegression(bad)) tally.regressed(bad);
  });
}

describe("a warm-up", () => {
  it("ends when the latency of every instance is steady", () => {
    const tally = tallyOf({ instances: 2 });
    for (const number of [0, 1, 2]) round(tally, number, () => handled());
    expect(tally.end).toBeUndefined();
    for (const number of [3, 4, 5]) round(tally, number, () => handled(2), "b");
    expect(tally.end).toBe("steady");
    expect(tally.found(7)).toEqual({
      source: "history",
      messages: 40,
      answers: 240,
      failed: 0,
      regressed: 0,
      crashes: 0,
      latencyBeforeMs: 1,
      latencyAfterMs: 2,
      tookMs: 7,
    });
  });

  it("does not wait for an instance that is not heard of any more, as when its host was killed", () => {
    const tally = tallyOf();
    round(tally, 0, () => handled(), "went with its host");
    for (const number of [1, 2, 3]) round(tally, number, () => handled(), "its successor");
    expect(tally.end).toBeUndefined();
    for (const number of [4, 5, 6, 7]) round(tally, number, () => handled(), "its successor");
    expect(tally.end).toBe("steady");
  });

  it("asks round and round, and not again what failed for good", () => {
    const tally = tallyOf({ messages: messages.slice(0, 3) });
    const [one = nobody, two = nobody] = tally.take(2);
    expect([one.sequence, two.sequence]).toEqual([1, 2]);
    tally.answered(one, failed(), "a", 0);
    expect(tally.take(4).map(({ sequence }) => sequence)).toEqual([3, 2]);
  });

  it("counts as failed what fails three times where trying again may help", () => {
    const tally = tallyOf();
    const [one = nobody] = messages;
    expect(tally.answered(one, failed("agent-failure", true), "a", 0)).toBeUndefined();
    expect(tally.answered(one, failed("agent-failure", true), "a", 0)).toBeUndefined();
    expect(tally.answered(one, failed("agent-failure", true), "a", 0)).toBe(one);
    expect(tally.found(0)).toMatchObject({ failed: 1, regressed: 0, firstFailure: { message: "message 1" } });
  });

  it("ends early where too much fails that should be handled", () => {
    const tally = tallyOf();
    round(tally, 0, ({ sequence = 0 }) => (sequence % 10 === 0 ? failed("agent-trap") : handled()));
    expect(tally.end).toBe("failing");
    expect(tally.found(0)).toMatchObject({ failed: 4, regressed: 4, firstFailure: { code: "agent-trap" } });
  });

  it("does not mind messages that a wanted change of the contract refuses", () => {
    const tally = tallyOf({ mayRefuse: true });
    round(tally, 0, ({ sequence = 0 }) => (sequence % 2 === 0 ? failed("message-invalid") : handled()));
    expect(tally.end).toBeUndefined();
    expect(tally.found(0)).toMatchObject({ failed: 20, regressed: 0 });
  });

  it("has nothing to ask without messages, or once all have failed", () => {
    expect(tallyOf({ messages: [] }).end).toBe("nothing-to-ask");
    const tally = tallyOf({ mayRefuse: true });
    round(tally, 0, () => failed("message-invalid"));
    expect(tally.end).toBe("nothing-to-ask");
  });

  it("asks alone what nobody answered for with others, and blames what was alone", () => {
    const tally = tallyOf();
    const [first = nobody, second = nobody] = tally.take(2);
    expect(tally.unanswered([first, second], "agent-timeout", "silence")).toBeUndefined();
    expect(tally.mustAskAlone).toBe(true);
    expect(tally.take(16)).toEqual([first]);
    expect(tally.unanswered([first], "agent-timeout", "silence")).toBe(first);
    expect(tally.take(16)).toEqual([second]);
  });

  it("ends at the third death of a process", () => {
    const tally = tallyOf();
    tally.crashed();
    tally.crashed();
    expect(tally.end).toBeUndefined();
    tally.crashed();
    expect(tally.end).toBe("crashing");
  });
});
