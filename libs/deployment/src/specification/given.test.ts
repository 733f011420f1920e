import { describe, expect, it } from "vitest";
import { given, Unexpected } from "./given.ts";
import { abort, deploy, firstRuns, wasAsked, wasStarted } from "./history.ts";
import { sameValue } from "../same-value.ts";

/** The specification language must be able to say no, or every story that it tells would pass. */
describe("a story that is not so", () => {
  it.each([
    ["a fact too few", () => given().when(deploy("first")).thenEvents(wasAsked("first"))],
    ["facts in another order", () => given().when(deploy("first")).thenEvents(wasStarted("first"), wasAsked("first"))],
    ["another fact", () => given().when(deploy("first")).thenEvents(wasAsked("first"), wasStarted("first", "second"))],
    ["facts where it is refused", () => given().when(abort("first")).thenEvents(wasStarted("first"))],
    ["a refusal where there is none", () => given().when(deploy("first")).thenRefused("queue-full")],
    ["another refusal", () => given().when(abort("first")).thenRefused("queue-full")],
    ["another message", () => given().when(abort("first")).thenRefused("unknown-deployment", "try again")],
    ["an effect too many", () => given(...firstRuns).underWay("stop:first")],
  ])("with %s is told apart", (_what, telling) => {
    expect(telling).toThrow(Unexpected);
  });
});

describe("the same value", () => {
  it.each([
    [{ a: [1, { b: null }] }, { a: [1, { b: null }] }, true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, false],
    [[1, 2], [2, 1], false],
    [{}, [], false],
    [null, {}, false],
  ])("%j and %j: %s", (left, right, same) => {
    expect(sameValue(left, right)).toBe(same);
  });
});
