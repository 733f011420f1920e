import { describe, expect, it } from "vitest";
import { given } from "./specification/given.ts";
import { deploy } from "./specification/history.ts";
import { blueGreenPlan, directPlan, planProblem, type Step } from "./strategy.ts";

const validate: Step = { kind: "validate", timeoutMs: 1 };
const start: Step = { kind: "start", timeoutMs: 1 };
const warmUp: Step = { kind: "warm-up", timeoutMs: 1 };
const finalize: Step = { kind: "finalize", drainMaxMs: 0 };
const to = (share: number): Step => ({ kind: "shift", share });

const problems: readonly (readonly [string, readonly Step[], string])[] = [
  ["is empty", [], "this one is "],
  ["does not validate", [start, to(1), finalize], "start, shift, finalize"],
  ["does not start", [validate, to(1), finalize], "validate, shift, finalize"],
  ["does not end", [validate, start, to(1)], "validate, start, shift"],
  ["starts twice", [validate, start, start, to(1), finalize], "'start' may not stand between"],
  ["never shifts", [validate, start, finalize], "the last share is 1; this plan ends at 0"],
  ["ends before all messages", [validate, start, to(0.5), finalize], "this plan ends at 0.5"],
  ["shrinks", [validate, start, to(0.5), to(0.25), to(1), finalize], "0.25 follows 0.5"],
  ["stands still", [validate, start, to(0.5), to(0.5), to(1), finalize], "0.5 follows 0.5"],
  ["begins with nothing", [validate, start, to(0), to(1), finalize], "0 follows 0"],
  ["goes beyond all", [validate, start, to(1.5), finalize], "1.5 follows 0"],
  ["has a share that is no number", [validate, start, to(NaN), finalize], "NaN follows 0"],
  ["warms up twice", [validate, start, warmUp, warmUp, to(1), finalize], "'warm-up' may not stand between"],
  ["warms up among messages", [validate, start, to(0.5), warmUp, to(1), finalize], "'warm-up' may not stand between"],
  [
    "warms up for ever",
    [validate, start, { ...warmUp, timeoutMs: Infinity }, to(1), finalize],
    "'warm-up' needs a time",
  ],
  ["never times out", [{ ...validate, timeoutMs: Infinity }, start, to(1), finalize], "'validate' needs a time"],
  ["has a time that is no number", [validate, { ...start, timeoutMs: NaN }, to(1), finalize], "'start' needs a time"],
  [
    "drains for less than no time",
    [validate, start, to(1), { ...finalize, drainMaxMs: -1 }],
    "'finalize' needs a time",
  ],
];

describe("a plan", () => {
  it.each(problems)("that %s is refused", (_what, plan, saying) => {
    expect(planProblem(plan)).toContain(saying);
    given().when(deploy("first", { plan })).thenRefused("invalid-argument", saying);
  });

  it("of blue and green can be walked", () => {
    expect(planProblem(blueGreenPlan())).toBeUndefined();
  });

  it("of everything at once can be walked", () => {
    expect(planProblem(directPlan())).toBeUndefined();
  });

  it("in steps can be walked", () => {
    expect(planProblem([validate, start, to(0.05), to(0.25), to(1), finalize])).toBeUndefined();
  });
});
