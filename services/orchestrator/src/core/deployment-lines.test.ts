import { evolve } from "@caxton/deployment/evolve";
import type { DeploymentEvent, Fact } from "@caxton/deployment/event";
import {
  awaitsApproval,
  canary,
  canaryStarts,
  firstRuns,
  version,
  wasApplied,
  wasCompleted,
  wasReady,
  wasRouted,
  wasSeen,
  wasShared,
  wasTakenBack,
} from "@caxton/deployment/specification/history";
import { initialState } from "@caxton/deployment/state";
import { expect, it } from "vitest";
import { deploymentLines } from "./deployment-lines.ts";

const v1 = version("first", 1);
const v2 = version("second", 2);

/** What is written while these appends are made one after the other, each line in a few words. */
function written(...appends: readonly (readonly Fact[])[]): readonly string[] {
  let state = initialState;
  return appends.flatMap((facts, at) => {
    const events = facts.map((fact): DeploymentEvent => ({ ...fact, atMs: at, commandId: `c${at}` }));
    const before = state;
    state = events.reduce(evolve, state);
    return deploymentLines(events, before, state).map(
      ({ event, deployment, version: id = "-", stage, percentage, verdict, decision = "" }) =>
        `${event} ${deployment} ${id} ${stage} ${percentage} ${verdict?.outcome ?? ""} ${decision}`.trimEnd(),
    );
  });
}

it("every state and percentage that a deployment comes to has one line", () => {
  expect(written(...firstRuns.map((fact) => [fact]))).toEqual([
    "transition first - queued 0",
    "transition first - validating 0",
    `transition first ${v1} deploying 0`,
    `transition first ${v1} deploying 100`,
    `transition first ${v1} running 100`,
  ]);
  expect(written(firstRuns, [])).toEqual([`transition first ${v1} running 100`]);
});

it("a canary has one for each step and each verdict, with what was found", () => {
  const later = [
    [wasReady("second", 2), wasShared(2, 2, 0.05)],
    [wasApplied("second", 2)],
    [wasSeen("inconclusive", "none")],
    [wasSeen("pass", "promote"), wasShared(3, 3, 0.25)],
    [wasApplied("second", 3)],
    [wasSeen("inconclusive", "hold", 3)],
    [
      { type: "CanaryPromoted", deployment: "second", step: 3, actor: "alice", reason: "", full: true } as const,
      wasRouted("second", 5, 4, v2, v1),
    ],
    [wasApplied("second", 4), wasCompleted("second")],
  ];
  expect(written(canaryStarts, ...later).slice(2)).toEqual([
    `transition second ${v2} canary 5`,
    `verdict second ${v2} canary 5 inconclusive none`,
    `verdict second ${v2} canary 5 pass promote`,
    `transition second ${v2} canary 25 pass`,
    `verdict second ${v2} canary 25 inconclusive hold`,
    `transition second ${v2} canary 100 inconclusive`,
    `transition second ${v2} running 100`,
  ]);
});

it("a canary that waits for a person is one still, and one that is bad says on which numbers it goes back", () => {
  const later = [
    [wasReady("second", 2), wasShared(2, 2, 0.05)],
    [wasApplied("second", 2)],
    [awaitsApproval("second", 3)],
    [wasShared(4, 3, 0.5)],
    [wasApplied("second", 3)],
    [wasSeen("fail", "rollback", 4), wasTakenBack("second"), wasRouted("second", 6, 4, v1, v2)],
  ];
  expect(canary.strategy).toBe("canary");
  expect(written(canaryStarts, ...later).slice(2)).toEqual([
    `transition second ${v2} canary 5`,
    `transition second ${v2} canary 50`,
    `verdict second ${v2} canary 50 fail rollback`,
    `transition second ${v2} draining 0 fail`,
  ]);
});
