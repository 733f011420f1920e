import { describe, expect, it } from "vitest";
import {
  allAgents,
  decideFreeze,
  evolveFreezes,
  type FreezeCommand,
  freezesAt,
  freezesOf,
  noFreezes,
} from "./freezes.ts";

const sender = { actor: "ada", reason: "year's end" };
const freeze = (commandId: string, more: { agent?: string; untilMs?: number } = {}): FreezeCommand => ({
  type: "freeze",
  commandId,
  ...sender,
  ...more,
});
const unfreeze = (commandId: string, agent?: string): FreezeCommand => ({
  type: "unfreeze",
  commandId,
  ...sender,
  ...(agent === undefined ? {} : { agent }),
});

function after(...commands: readonly (readonly [FreezeCommand, number])[]) {
  return commands.reduce((state, [command, now]) => {
    const decision = decideFreeze(command, state, now);
    return decision.ok ? decision.events.reduce(evolveFreezes, state) : state;
  }, noFreezes);
}

describe("a freeze", () => {
  it("of all is every agent's, one of an agent is its own", () => {
    const state = after([freeze("a", { agent: "one" }), 5]);
    expect(freezesOf(state, "one", 6)).toEqual([{ agent: "one", ...sender, sinceMs: 5 }]);
    expect(freezesOf(state, "other", 6)).toEqual([]);
    expect(freezesOf(after([freeze("a"), 5]), "other", 6)).toEqual([{ ...sender, sinceMs: 5 }]);
  });

  it("is over by its time, without anybody saying so", () => {
    const state = after([freeze("a", { untilMs: 10 }), 5]);
    expect(freezesAt(state, 9)).toHaveLength(1);
    expect(freezesAt(state, 10)).toEqual([]);
  });

  it("until a time that is past is refused", () => {
    expect(decideFreeze(freeze("a", { untilMs: 5 }), noFreezes, 5)).toMatchObject({
      refusal: { code: "invalid-argument", message: expect.stringContaining("over already") },
    });
  });

  it("said again takes the place of the one before; the same command again is nothing", () => {
    const state = after([freeze("a", { untilMs: 10 }), 5], [freeze("b"), 6]);
    expect(freezesAt(state, 20)).toEqual([{ ...sender, sinceMs: 6 }]);
    expect(decideFreeze(freeze("a", { untilMs: 10 }), state, 7)).toEqual({ ok: true, events: [] });
  });

  it("is lifted", () => {
    expect(freezesAt(after([freeze("a"), 5], [unfreeze("b"), 6]), 7)).toEqual([]);
    expect(freezesAt(after([freeze("a", { agent: "one" }), 5], [unfreeze("b", "one"), 6]), 7)).toEqual([]);
  });

  it("that is not there cannot be lifted, and another is named", () => {
    expect(decideFreeze(unfreeze("b"), noFreezes, 7)).toMatchObject({ refusal: { code: "not-allowed-now" } });
    expect(decideFreeze(unfreeze("b", "one"), after([freeze("a"), 5]), 7)).toMatchObject({
      refusal: { message: expect.stringContaining("all agents are frozen by ada: year's end: unfreeze all") },
    });
    expect(decideFreeze(unfreeze("b"), after([freeze("a", { untilMs: 6 }), 5]), 7)).toMatchObject({ ok: false });
    expect(decideFreeze(unfreeze("b", allAgents), after([freeze("a", { agent: "one" }), 5]), 7).ok).toBe(false);
  });
});
