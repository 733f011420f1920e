import type { DeploymentEvent, Fact } from "@caxton/deployment/event";
import {
  awaitsApproval,
  canary,
  failure,
  isDraining,
  version,
  wasApplied,
  wasAsked,
  wasClosed,
  wasCompleted,
  wasDrained,
  wasReady,
  wasRolledBack,
  wasRouted,
  wasSeen,
  wasShared,
  wasStarted,
  wasStopped,
  wasTakenBack,
} from "@caxton/deployment/specification/history";
import { blueGreenPlan, canaryPlan } from "@caxton/deployment/strategy";
import { describe, expect, it } from "vitest";
import type { Chapter } from "./chapter.ts";
import { DeploymentStories } from "./deployment-story.ts";

const report = {
  durationMs: 310,
  static: { durationMs: 100, passed: true },
  sandbox: { durationMs: 200, passed: true },
};
const v2 = version("second", 2);
const wasPassed = (of: object = report): Fact => ({
  type: "ValidationPassed",
  deployment: "second",
  version: v2,
  ordinal: 2,
  report: of,
});
const byHand = { deployment: "second", actor: "alice", reason: "looks good" };

function tell(...facts: readonly (readonly [atMs: number, fact: Fact])[]): readonly Chapter[] {
  const stories = new DeploymentStories();
  return facts.flatMap(([atMs, fact]) => stories.enter({ ...fact, atMs, commandId: "c" } satisfies DeploymentEvent));
}

/** Each chapter in a line, under the one that it is a part of. */
function tree(chapters: readonly Chapter[]): readonly string[] {
  const under = (parent: string | undefined, depth: number): readonly string[] =>
    chapters
      .filter((chapter) => chapter.parent === parent)
      .toSorted((one, other) => one.startMs - other.startMs)
      .flatMap(({ id, name, startMs, endMs, failure: why }) => [
        `${"  ".repeat(depth)}${name} ${startMs}-${endMs}${why === undefined ? "" : ` (${why})`}`,
        ...under(id, depth + 1),
      ]);
  return under(undefined, 0);
}

const begun = (plan = canary.plan) =>
  [
    [1_000, wasAsked("second", { ...canary, plan })],
    [1_000, wasStarted("second", "first")],
    [2_000, wasPassed()],
    [2_500, wasReady("second", 2)],
    [2_500, wasShared(2, 2, 0.05)],
    [2_510, wasApplied("second", 2)],
  ] as const;
const beginning = ["  validation.static 1700-1800", "  validation.sandbox 1800-2000", "  deployment.start 2000-2500"];
const all = (revision: number): Fact => wasRouted("second", 5, revision, v2, version("first", 1));

describe("blue-green is told", () => {
  const plan = blueGreenPlan();
  const warmUp = {
    source: "history",
    messages: 180,
    answers: 900,
    failed: 1,
    regressed: 1,
    crashes: 0,
    latencyAfterMs: 0.1,
    ended: "steady",
    tookMs: 1_500,
  } as const;
  const warmed: Fact = { type: "VersionWarmedUp", deployment: "second", version: v2, step: 2, warmUp };
  const ready = [
    [1_000, wasAsked("second", { strategy: "blue-green", plan })],
    [1_000, wasStarted("second", "first")],
    [2_000, wasPassed()],
    [2_500, wasReady("second", 2)],
    [4_000, warmed],
  ] as const;

  it("with its warm-up as a part, and what was found there", () => {
    const told = tell(
      ...ready,
      [4_000, wasRouted("second", 3, 2, v2, version("first", 1))],
      [4_100, wasApplied("second", 2)],
      [4_100, wasCompleted("second")],
    );
    expect(tree(told)).toEqual([
      "deployment.create 1000-4100",
      ...beginning,
      "  blue-green.warm_up 2500-4000",
      "  deployment.finalize 4000-4100",
    ]);
    expect(told.find(({ name }) => name === "blue-green.warm_up")?.attributes).toMatchObject({
      step: 3,
      source: "history",
      ended: "steady",
      failed: 1,
      latency_ms: 0.1,
    });
  });

  it("as failed where its warm-up went badly", () => {
    const tooMany = { stage: "warm-up", code: "warm-up-failed", reason: "it fails on 5 of 20" };
    const told = tell(...ready, [4_000, { type: "DeploymentFailed", deployment: "second", failure: tooMany }]);
    const failed = told.filter((chapter) => chapter.failure !== undefined).map(({ name }) => name);
    expect(failed).toEqual(["blue-green.warm_up", "deployment.create"]);
  });
});

describe("a canary is told", () => {
  const walked = [
    ...begun(),
    [8_000, wasSeen("pass", "promote")],
    [8_000, wasShared(3, 3, 0.25)],
    [8_010, wasApplied("second", 3)],
    [18_000, wasSeen("pass", "promote", 3)],
    [18_000, wasShared(4, 4, 0.5)],
    [18_010, wasApplied("second", 4)],
    [28_000, wasSeen("pass", "promote", 4)],
    [28_000, all(5)],
    [28_200, wasApplied("second", 5)],
    [28_200, wasCompleted("second")],
  ] as const;

  it("as the ADR's tree", () => {
    expect(tree(tell(...walked))).toEqual([
      "deployment.create 1000-28200",
      ...beginning,
      "  canary.5_percent 2500-8000",
      "  canary.25_percent 8000-18000",
      "  canary.50_percent 18000-28000",
      "  deployment.finalize 28000-28200",
    ]);
  });

  it("with what was found at each share", () => {
    const five = tell(...walked).find(({ name }) => name === "canary.5_percent");
    expect(five?.attributes).toMatchObject({
      version: "v2",
      version_id: v2,
      step: 3,
      percentage: 5,
      route_revision: 2,
      verdict: "pass",
      samples: 200,
      decision: "promote",
    });
  });

  it("each part as soon as it has ended, the whole last", () => {
    const stories = new DeploymentStories();
    const told = walked.map(([atMs, fact]) => stories.enter({ ...fact, atMs, commandId: "c" }).map(({ name }) => name));
    expect(told.filter((names) => names.length > 0)).toEqual([
      ["validation.static", "validation.sandbox"],
      ["deployment.start"],
      ["canary.5_percent"],
      ["canary.25_percent"],
      ["canary.50_percent"],
      ["deployment.finalize", "deployment.create"],
    ]);
  });

  it("with waits for people, holds and pauses where they were", () => {
    const plan = canaryPlan([
      { kind: "shift", share: 0.05, watchMs: 1_000 },
      { kind: "approve" },
      { kind: "shift", share: 0.25, watchMs: 1_000 },
      { kind: "approve" },
      { kind: "shift", share: 1, watchMs: 500 },
    ]);
    const told = tell(
      ...begun(plan),
      [3_600, wasSeen("inconclusive", "hold")],
      [4_000, { type: "RolloutPaused", step: 2, ...byHand }],
      [4_500, { type: "RolloutResumed", step: 2, ...byHand }],
      [5_000, wasSeen("pass", "promote")],
      [5_000, awaitsApproval("second", 3)],
      [6_000, { type: "StepApproved", step: 3, ...byHand }],
      [6_000, wasShared(4, 3, 0.25)],
      [6_500, { type: "CanaryPromoted", step: 4, full: false, ...byHand }],
      [6_500, awaitsApproval("second", 5)],
      [7_000, wasRouted("second", 6, 4, v2, version("first", 1))],
      [7_010, wasApplied("second", 4)],
      [8_000, wasCompleted("second")],
    );
    expect(tree(told)).toEqual([
      "deployment.create 1000-8000",
      ...beginning,
      "  canary.5_percent 2500-5000",
      "    hold 3600-4000",
      "    pause 4000-4500",
      "  canary.approval 5000-6000",
      "  canary.25_percent 6000-6500",
      "  canary.approval 6500-7000",
      "  canary.100_percent 7000-8000",
      "  deployment.finalize 8000-8000",
    ]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    expect(told.find(({ name }) => name === "canary.approval")?.attributes).toMatchObject({
      decision: "approved",
      actor: "alice",
    });
  });

  it("that is taken back with the way back and what made it so", () => {
    const told = tell(
      ...begun(),
      [4_000, wasTakenBack("second", 3_900)],
      [4_000, wasRouted("second", 6, 3, version("first", 1), v2)],
      [4_005, wasClosed("second", 2, 3)],
      [4_010, wasApplied("second", 3)],
      [4_010, isDraining("second", 2, 3, 34_010, "RolledBack")],
      [4_500, wasDrained("second", 2)],
      [4_600, wasStopped("second", 2)],
      [4_600, wasRolledBack("second")],
    );
    expect(tree(told)).toEqual([
      "deployment.create 1000-4600 (wrong build)",
      ...beginning,
      "  canary.5_percent 2500-4000 (wrong build)",
      "  deployment.rollback 3900-4600",
      "    rollback.close 3900-4005",
      "    rollback.divert 3900-4010",
      "    rollback.drain 4010-4500",
      "    rollback.cleanup 4500-4600",
    ]);
    const back = told.find(({ name }) => name === "deployment.rollback");
    expect(back?.attributes).toMatchObject({ cause: "manual", actor: "alice", version: "v2" });
  });

  it("that is taken back after it ran: the whole once, the way back under it", () => {
    const [, ...more] = tell(
      ...walked,
      [90_000, wasTakenBack("second", 90_000)],
      [90_000, wasRouted("second", 6, 6, version("first", 1), v2)],
      [90_010, wasApplied("second", 6)],
      [90_500, wasRolledBack("second")],
    ).filter(({ name }) => name === "deployment.create" || name.includes("rollback"));
    expect(more.map(({ name, parent }) => [name, parent])).toEqual([
      ["rollback.divert", "deployment.rollback"],
      ["deployment.rollback", "deployment.create"],
    ]);
  });
});

it("tells what waited in line, and a failed validation with the stages that were walked", () => {
  const failed = { ...report, sandbox: { durationMs: 200, passed: false } };
  const told = tell(
    [500, wasAsked("second")],
    [1_000, wasStarted("second", "first")],
    [2_000, { type: "ValidationFailed", deployment: "second", failure, report: failed }],
    [3_000, wasRolledBack("second")],
  );
  expect(tree(told)).toEqual([
    "deployment.create 500-2000 (contracts: example-failed: handle() threw on example 2)",
    "  deployment.queued 500-1000",
    "  validation.static 1700-1800",
    "  validation.sandbox 1800-2000 (sandbox did not pass)",
  ]);
});

it("a verdict that the validator remembered took no time now", () => {
  const remembered = { ...report, cached: true, durationMs: 4 };
  const told = tell([1_000, wasAsked("second")], [1_000, wasStarted("second")], [1_010, wasPassed(remembered)]);
  expect(told).toMatchObject([
    { name: "validation.static", startMs: 1_010, endMs: 1_010, attributes: { cached: true } },
    { name: "validation.sandbox", startMs: 1_010, endMs: 1_010 },
  ]);
});

it("tells a version that did not start, and one that was aborted before it had one", () => {
  const unready = { stage: "start", code: "start-timeout", reason: "not ready" };
  const [stages, other] = [begun().slice(0, 3), begun().slice(0, 2)];
  expect(tree(tell(...stages, [9_000, { type: "DeploymentFailed", deployment: "second", failure: unready }]))).toEqual([
    "deployment.create 1000-9000 (start: start-timeout: not ready)",
    ...beginning.slice(0, 2),
    "  deployment.start 2000-9000 (start: start-timeout: not ready)",
  ]);
  expect(tree(tell(...other, [1_200, wasRolledBack("second")]))).toEqual(["deployment.create 1000-1200 (wrong build)"]);
});

it("direct is one switch to all messages", () => {
  const told = tell(
    [1_000, wasAsked("second")],
    [1_000, wasStarted("second", "first")],
    [2_000, wasPassed()],
    [2_500, wasReady("second", 2)],
    [2_500, wasRouted("second", 2, 2, v2, version("first", 1))],
    [2_520, wasApplied("second", 2)],
    [2_520, wasCompleted("second")],
  );
  expect(tree(told)).toEqual(["deployment.create 1000-2520", ...beginning, "  deployment.finalize 2500-2520"]);
});
