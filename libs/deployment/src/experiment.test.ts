import { describe, expect, it } from "vitest";
import type { Report, Request } from "./command.ts";
import type { Fact } from "./event.ts";
import { type ExperimentTally, experimentReport, type ExperimentUnderWay, type Measure } from "./experiment.ts";
import { defaultJudging, type Verdict } from "./judging.ts";
import { given } from "./specification/given.ts";
import {
  awaitsApproval,
  deploy,
  firstRuns,
  isDraining,
  looked,
  request,
  version,
  wasApplied,
  wasAsked,
  wasCompleted,
  wasPassed,
  wasReady,
  wasRouted,
  wasSeen,
  wasShared,
  wasStarted,
  isWarm,
} from "./specification/history.ts";
import { abPlan } from "./strategy.ts";

const measure: Measure = { kind: "mean", path: "$.score", better: "higher" };
const test = { strategy: "ab", plan: abPlan(), judging: defaultJudging, experiment: { measure } } as const;
const hourMs = 3_600_000;
const arm = (mean: number, samples = 400) => ({ messages: samples + 3, samples, mean, squares: samples - 1 });
const tallyOf = (stable: number, candidate: number, samples?: number): ExperimentTally => ({
  stable: arm(stable, samples),
  candidate: arm(candidate, samples),
  leftOut: 2,
});
const tally = tallyOf(5, 5.5);
const saw = (outcome: Verdict["outcome"], experiment?: ExperimentTally): Report => ({
  type: "verdict",
  deployment: "second",
  step: 2,
  verdict: looked(outcome),
  ...(experiment === undefined ? {} : { experiment }),
});
const underWay: ExperimentUnderWay = {
  measure,
  stableVersion: version("first", 1),
  candidateVersion: version("second", 2),
  startedAtMs: 0,
  endsAtMs: hourMs,
};
const concluded = (now: number): Fact => ({
  type: "ExperimentConcluded",
  deployment: "second",
  step: 2,
  report: experimentReport(underWay, tally, now),
});
const compares: readonly Fact[] = [
  ...firstRuns,
  wasAsked("second", test),
  wasStarted("second", "first"),
  wasPassed("second", 2),
  wasReady("second", 2),
  wasShared(2, 2, 0.5),
  wasApplied("second", 2),
];
const isOver: readonly Fact[] = [
  ...compares,
  wasSeen("pass", "promote"),
  concluded(hourMs),
  awaitsApproval("second", 3),
];

const keptFor = (keptMs: number): Request => ({ type: "deploy", ...request("second", test), keptMs });

describe("an A/B test", () => {
  it("keeps its share until its time is over, whatever is seen, and then waits for a person", () => {
    const story = given(...compares)
      .underWay("watch:second:2")
      .when(saw("pass", tally), hourMs - 1)
      .thenEvents(wasSeen("pass", "none"))
      .when(saw("pass", tally), hourMs)
      .thenEvents(wasSeen("pass", "promote"), concluded(hourMs), awaitsApproval("second", 3))
      .underWay();
    expect(story.state.deployments["second"]?.concluded).toMatchObject({
      recommendation: "promote",
      provisional: false,
    });
  });

  it("is over also where its rules came to nothing, and not before all is counted", () => {
    given(...compares)
      .when(saw("inconclusive"), hourMs + 5)
      .thenNothing()
      .when(saw("inconclusive", tally), hourMs + 9)
      .thenEvents(wasSeen("inconclusive", "promote"), concluded(hourMs + 9), awaitsApproval("second", 3));
  });

  it("is taken back at once where a rule is broken", () => {
    const story = given(...compares).when(saw("fail", tally), 5_000);
    expect(() => story.thenNothing()).toThrow(/other facts follow/);
  });

  it("ends in a promotion that is one command", () => {
    given(...isOver)
      .when({ type: "promote", deployment: "second", reason: "better", full: false }, hourMs + 60_000)
      .thenEvents(
        { type: "CanaryPromoted", deployment: "second", step: 3, actor: "alice", reason: "better", full: false },
        wasRouted("second", 4, 3, version("second", 2), version("first", 1)),
      )
      .when({ type: "route-applied", revision: 3, routers: 2, appliedMs: 7 }, hourMs + 60_005)
      .thenEvents(
        wasApplied("second", 3),
        wasCompleted("second"),
        isWarm("first", 1, "second", hourMs + 60_005 + 300_000),
      );
  });

  it("or in a way back that is one command", () => {
    given(...isOver)
      .when({ type: "rollback", deployment: "second", reason: "worse" }, hourMs + 60_000)
      .thenEvents(
        {
          type: "RollbackStarted",
          deployment: "second",
          reason: "worse",
          actor: "alice",
          cause: "manual",
          sinceMs: hourMs + 60_000,
        },
        wasRouted("second", 5, 3, version("first", 1), version("second", 2)),
      )
      .when({ type: "route-applied", revision: 3, routers: 2, appliedMs: 7 }, hourMs + 60_005)
      .thenEvents(wasApplied("second", 3), isDraining("second", 2, 3, hourMs + 90_005, "RolledBack"));
  });

  it("needs a live version to compare with", () => {
    given().when(deploy("first", test)).thenRefused("no-live-version", "has none");
  });

  it("needs outcomes that are kept for its time", () => {
    given(...firstRuns)
      .when(keptFor(hourMs - 1))
      .thenRefused("kept-too-short", "CAXTON_OUTCOME_RETENTION_MS")
      .when(keptFor(hourMs))
      .thenEvents(wasAsked("second", test), wasStarted("second", "first"));
  });
});

describe("what a test recommends", () => {
  const reported = (one: Measure, found: ExperimentTally, now = hourMs) =>
    experimentReport({ ...underWay, measure: one }, found, now);

  it("is nothing before its time is over, however clear it looks", () => {
    expect(reported(measure, tallyOf(5, 9), hourMs - 1)).toMatchObject({
      provisional: true,
      recommendation: "wait",
      difference: { observed: 4 },
    });
  });

  it("goes by the direction that is better", () => {
    expect(reported(measure, tallyOf(5, 5.5)).recommendation).toBe("promote");
    expect(reported({ ...measure, better: "lower" }, tallyOf(5, 5.5)).recommendation).toBe("rollback");
    expect(reported({ ...measure, better: "lower" }, tallyOf(5.5, 5)).recommendation).toBe("promote");
    expect(reported(measure, tallyOf(5.5, 5)).recommendation).toBe("rollback");
  });

  it("is that no difference is shown where the interval holds 0, or where there are too few values", () => {
    expect(reported(measure, tallyOf(5, 5.05))).toMatchObject({ recommendation: "no-difference" });
    const few = reported(measure, tallyOf(5, 9, 29));
    expect(few).toMatchObject({ recommendation: "no-difference", reason: expect.stringContaining("30 of each") });
    expect(few.difference).toBeUndefined();
  });

  it("compares rates by their hits", () => {
    const rate: Measure = { kind: "rate", output: "alert", better: "lower" };
    const of = (hits: number) => ({ messages: 1_000, samples: 1_000, mean: hits / 1_000, squares: 0 });
    const found = reported(rate, { stable: of(200), candidate: of(120), leftOut: 0 });
    expect(found).toMatchObject({ recommendation: "promote", reason: "the new version is lower, which is better" });
    expect(found.difference?.observed).toBeCloseTo(-0.08, 12);
  });
});
