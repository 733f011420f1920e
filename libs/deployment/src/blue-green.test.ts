import { describe, expect, it } from "vitest";
import type { Report } from "./command.ts";
import type { Fact } from "./event.ts";
import { next } from "./next.ts";
import { given } from "./specification/given.ts";
import {
  abort,
  applied,
  firstRuns,
  isDraining,
  isWarm,
  ready,
  rollback,
  version,
  wasApplied,
  wasAsked,
  wasCompleted,
  wasPassed,
  wasReady,
  wasRouted,
  wasStarted,
  wasTakenBack,
} from "./specification/history.ts";
import { blueGreenPlan, planProblem } from "./strategy.ts";
import { type WarmUp, warmUpFailure } from "./warm-up.ts";

const blueGreen = { strategy: "blue-green", plan: blueGreenPlan() } as const;
const starts: readonly Fact[] = [
  ...firstRuns,
  wasAsked("second", blueGreen),
  wasStarted("second", "first"),
  wasPassed("second", 2),
];
const warms: readonly Fact[] = [...starts, wasReady("second", 2)];

const well: WarmUp = {
  source: "history",
  messages: 180,
  answers: 900,
  failed: 0,
  regressed: 0,
  crashes: 0,
  latencyBeforeMs: 0.9,
  latencyAfterMs: 0.1,
  ended: "steady",
  tookMs: 1_200,
};
const warmedUp = (warmUp: WarmUp, step = 2): Report => ({ type: "warmed-up", deployment: "second", step, warmUp });
const wasWarmed = (warmUp: WarmUp): Fact => ({
  type: "VersionWarmedUp",
  deployment: "second",
  version: version("second", 2),
  step: 2,
  warmUp,
});
const switched = wasRouted("second", 3, 2, version("second", 2), version("first", 1));
const switches: readonly Fact[] = [...warms, wasWarmed(well), switched];
const runs: readonly Fact[] = [
  ...switches,
  wasApplied("second", 2),
  wasCompleted("second"),
  isWarm("first", 1, "second", 300_000),
];
const isLost: Report = { type: "version-lost", deployment: "second", sinceMs: 400, reason: "nobody was there" };
const wasLost: Fact = {
  type: "RollbackStarted",
  deployment: "second",
  reason: "nobody was there",
  actor: "alice",
  cause: "no_instance",
  sinceMs: 400,
};
const back = wasRouted("second", 4, 3, version("first", 1), version("second", 2));

describe("blue-green", () => {
  it("has the plan of the ADR", () => {
    expect(blueGreenPlan()).toEqual([
      { kind: "validate", timeoutMs: 30_000 },
      { kind: "start", timeoutMs: 30_000 },
      { kind: "warm-up", timeoutMs: 60_000 },
      { kind: "shift", share: 1 },
      { kind: "finalize", drainMaxMs: 30_000, cleanupMs: 300_000, backAfterMs: 500 },
    ]);
    expect(planProblem(blueGreenPlan())).toBeUndefined();
  });

  it("is warmed up when its version is ready, and gets all messages in one revision when it is warm", () => {
    given(...starts)
      .when(ready("second"))
      .thenEvents(wasReady("second", 2))
      .underWay("warm-up:second")
      .when(warmedUp(well))
      .thenEvents(wasWarmed(well), switched)
      .underWay("route:2", "guard:second")
      .when(applied(2))
      .thenEvents(wasApplied("second", 2), wasCompleted("second"), isWarm("first", 1, "second", 301_000))
      .underWay("cleanup:first", "guard:second");
  });

  it("is warmed up until the step's time is over, whenever its orchestrator looks", () => {
    const { state } = given(...warms);
    expect(next(state)).toEqual([
      {
        kind: "warm-up",
        key: "warm-up:second",
        deployment: "second",
        step: 2,
        version: version("second", 2),
        deadlineAtMs: 60_000,
      },
    ]);
  });

  it("goes on when its time is over before it is steady, and where there was nothing to ask", () => {
    const late: WarmUp = { ...well, ended: "time-over" };
    given(...warms)
      .when(warmedUp(late))
      .thenEvents(wasWarmed(late), switched);
    const nothing: WarmUp = { ...well, ended: "nothing-to-ask", messages: 0, answers: 0 };
    given(...warms)
      .when(warmedUp(nothing))
      .thenEvents(wasWarmed(nothing), switched);
  });

  it("does not take a report twice, of another step, or late", () => {
    given(...switches)
      .when(warmedUp(well))
      .thenNothing();
    given(...warms)
      .when(warmedUp(well, 3))
      .thenNothing();
    given(...starts)
      .when(warmedUp(well))
      .thenNothing();
  });

  const bad: readonly (readonly [string, Partial<WarmUp>, string, string])[] = [
    [
      "fails on more than 5 % of what the version before handled",
      { failed: 12, regressed: 10 },
      "warm-up-failed",
      "it fails on 10 of 178",
    ],
    ["ends again and again", { crashes: 3, ended: "crashing" }, "agent-crash", "ended 3 times"],
    [
      "answers nothing",
      { messages: 0, answers: 0, ended: "unanswered" },
      "version-failed",
      "no instance of it answered",
    ],
  ];
  it.each(bad)("fails where its version %s, and no message ever goes there", (_what, found, code, saying) => {
    const warmUp = { ...well, ...found };
    const failure = warmUpFailure(warmUp, true);
    if (failure === undefined) throw new Error("it is no failure");
    expect(failure).toMatchObject({ stage: "warm-up", code, reason: expect.stringContaining(saying) });
    const { state } = given(...warms)
      .when(warmedUp(warmUp))
      .thenEvents(wasWarmed(warmUp), { type: "DeploymentFailed", deployment: "second", failure })
      .underWay("stop:second");
    expect(state).toMatchObject({ active: "first", rollout: undefined, route: { revision: 1 } });
  });

  it("goes on where it fails on what the version before failed on as well", () => {
    const both: WarmUp = { ...well, failed: 90, regressed: 4 };
    given(...warms)
      .when(warmedUp(both))
      .thenEvents(wasWarmed(both), switched);
  });

  it("of an agent's first version is warmed up too", () => {
    given(wasAsked("first", blueGreen), wasStarted("first"), wasPassed("first", 1))
      .when(ready("first"))
      .thenEvents(wasReady("first", 1))
      .underWay("warm-up:first")
      .when({ type: "warmed-up", deployment: "first", step: 2, warmUp: well })
      .thenEvents(
        { type: "VersionWarmedUp", deployment: "first", version: version("first", 1), step: 2, warmUp: well },
        wasRouted("first", 3, 1, version("first", 1)),
      )
      .underWay("route:1");
  });

  it("can be aborted while it is warmed up: the route stays as it is", () => {
    given(...warms)
      .when(abort("second"))
      .thenEvents(wasTakenBack("second"), isDraining("second", 2, 1, 1_000, "RolledBack"))
      .underWay("drain:second")
      .when(warmedUp(well))
      .thenNothing();
  });

  it("has no steps for people to decide about", () => {
    for (const type of ["pause", "resume", "approve"] as const) {
      given(...warms)
        .when({ type, deployment: "second", reason: "let me see" })
        .thenRefused("not-allowed-now", "is blue-green: it has no steps");
    }
  });
});

describe("a version that nobody finds any more", () => {
  it("right at the switch gives all messages back to the one before, in one revision", () => {
    given(...switches)
      .when(isLost)
      .thenEvents(wasLost, back)
      .underWay("route:3", "close:second")
      .when(isLost)
      .thenNothing();
  });

  it("while the one before is warm gives them back as well", () => {
    given(...runs)
      .when(isLost)
      .thenEvents(wasLost, back)
      .underWay("route:3", "close:second");
  });

  it("is not looked for once the one before is gone, and a report that comes late means nothing", () => {
    const alone: readonly Fact[] = [...runs, isDraining("first", 1, 2, 330_000, "Retired")];
    given(...alone)
      .when(isLost)
      .thenNothing()
      .underWay("drain:first");
  });

  it("is not taken back while the next one is on its way: that one is aborted first", () => {
    given(...runs, wasAsked("third"), wasStarted("third", "second"))
      .when(isLost)
      .thenNothing()
      .underWay("cleanup:first", "validate:third", "expire:third:0");
  });

  it("is not looked for where the plan does not say so", () => {
    const plan = blueGreenPlan().map((step) =>
      step.kind === "finalize" ? { kind: step.kind, drainMaxMs: 0, cleanupMs: 5 } : step,
    );
    given(
      ...firstRuns,
      wasAsked("second", { ...blueGreen, plan }),
      wasStarted("second", "first"),
      wasPassed("second", 2),
      wasReady("second", 2),
      wasWarmed(well),
      switched,
    )
      .underWay("route:2")
      .when(isLost)
      .thenNothing();
  });

  it("can be taken back by hand as long as the one before is warm", () => {
    given(...runs)
      .when(rollback("second"))
      .thenEvents(wasTakenBack("second"), back);
  });
});
