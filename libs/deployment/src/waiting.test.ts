import { describe, expect, it } from "vitest";
import { given } from "./specification/given.ts";
import {
  abort,
  firstStarts,
  firstValidates,
  passed,
  ready,
  version,
  wasPassed,
  wasReady,
  wasRolledBack,
  wasRouted,
} from "./specification/history.ts";
import { waitOf } from "./waiting.ts";

const full = { place: 3, waiting: 7, reason: "validator v1 works on 2" };
const busy = (step: number, place = 3) => ({ type: "busy", deployment: "first", step, ...full, place }) as const;
const turn = (step: number) => ({ type: "turn-came", deployment: "first", step }) as const;
const waits = (step: number, place = 3) => ({
  type: "DeploymentWaits" as const,
  deployment: "first",
  step,
  ...full,
  place,
});
const turnCame = (step: number) => ({ type: "DeploymentTurnCame" as const, deployment: "first", step });
const late = (step: number) => ({ type: "step-expired", deployment: "first", step }) as const;

describe("a deployment that a busy validator keeps in line", () => {
  it("says so, and its time does not run until its turn came", () => {
    const reason = "no verdict after 60000 ms, 60000 ms were allowed; is a validator running?";
    given(...firstValidates)
      .when(busy(0), 1_000)
      .thenEvents(waits(0))
      .underWay("validate:first")
      .when(late(0), 1e9)
      .thenNothing()
      .when(turn(0), 500_000)
      .thenEvents(turnCame(0))
      .underWay("validate:first", "expire:first:0")
      .when(late(0), 559_999)
      .thenNothing()
      .when(late(0), 560_000)
      .thenEvents({
        type: "ValidationFailed",
        deployment: "first",
        failure: { stage: "validate", code: "validation-timeout", reason },
        report: null,
      });
  });

  it("stores a new place, but not every one of them", () => {
    given(...firstValidates)
      .when(busy(0), 1_000)
      .thenEvents(waits(0))
      .when(busy(0, 2), 2_999)
      .thenNothing()
      .when(busy(0, 2), 3_000)
      .thenEvents(waits(0, 2))
      .when(busy(0, 2), 9_000)
      .thenNothing();
  });

  it("goes on when the verdict is there, and is aborted as ever", () => {
    given(...firstValidates, waits(0))
      .when(passed("first"))
      .thenEvents(wasPassed("first", 1))
      .underWay("start:first", "expire:first:1");
    const story = given(...firstValidates, waits(0))
      .when(abort("first"))
      .thenEvents(wasRolledBack("first"));
    const { first } = story.state.deployments;
    expect(first && waitOf(first)).toBeUndefined();
  });
});

describe("a version that no host bears now", () => {
  it("waits to be started, and then has all its time", () => {
    given(...firstStarts)
      .when(busy(1), 29_000)
      .thenEvents(waits(1))
      .underWay("start:first")
      .when(late(1), 1e9)
      .thenNothing()
      .when(turn(1), 90_000)
      .thenEvents(turnCame(1))
      .when(late(1), 119_999)
      .thenNothing()
      .when(ready("first"), 119_999)
      .thenEvents(wasReady("first", 1), wasRouted("first", 2, 1, version("first", 1)));
  });

  it("hears nothing of a line that it does not stand in", () => {
    given(...firstStarts)
      .when(busy(0))
      .thenNothing()
      .when(turn(1))
      .thenNothing();
  });
});
