import { describe, expect, it } from "vitest";
import { given } from "./specification/given.ts";
import {
  abort,
  applied,
  deploy,
  drained,
  failure,
  firstRuns,
  firstShifts,
  firstStarts,
  firstValidates,
  isDraining,
  passed,
  ready,
  report,
  secondRuns,
  secondShifts,
  secondStarts,
  secondValidates,
  stopped,
  version,
  wasApplied,
  wasAsked,
  wasCompleted,
  wasDrained,
  wasPassed,
  wasReady,
  wasRetired,
  wasRolledBack,
  wasRouted,
  wasStarted,
  wasStopped,
  wasTakenBack,
} from "./specification/history.ts";

describe("the first deployment of an agent", () => {
  it("goes from the request to Running", () => {
    const story = given()
      .when(deploy("first"))
      .thenEvents(wasAsked("first"), wasStarted("first"))
      .when(passed("first"))
      .thenEvents(wasPassed("first", 1))
      .when(ready("first"))
      .thenEvents(wasReady("first", 1), wasRouted("first", 2, 1, version("first", 1)))
      .when(applied(1))
      .thenEvents(wasApplied("first", 1), wasCompleted("first"))
      .underWay();
    expect(story.state.deployments["first"]).toMatchObject({ state: "Running", version: "proc-v1-1f1f1" });
    expect(story.state).toMatchObject({ active: "first", rollout: undefined, queue: [] });
  });

  it("fails where validation fails, and says why", () => {
    const story = given(...firstValidates)
      .when({ type: "validation-failed", deployment: "first", failure, report })
      .thenEvents({ type: "ValidationFailed", deployment: "first", failure, report })
      .underWay();
    expect(story.state.deployments["first"]).toMatchObject({ state: "Failed", failure });
  });

  it("fails where its processes do not come up, and what there is of them is stopped", () => {
    const crashed = { stage: "start", code: "version-failed", reason: "exited with code 1" };
    given(...firstStarts)
      .when({ type: "version-failed", deployment: "first", failure: crashed })
      .thenEvents({ type: "DeploymentFailed", deployment: "first", failure: crashed })
      .underWay("stop:first")
      .when(stopped("first"))
      .thenEvents(wasStopped("first", 1))
      .underWay();
  });

  it("taken back, leaves no version behind: messages wait in the inbox", () => {
    const story = given(...firstShifts)
      .when(abort("first"))
      .thenEvents(wasTakenBack("first"), wasRouted("first", 3, 2, undefined, version("first", 1)))
      .when(applied(2), 2_000)
      .thenEvents(wasApplied("first", 2), isDraining("first", 1, 2, 32_000, "RolledBack"));
    expect(story.state.route.targets).toEqual([]);
  });
});

describe("a replacement", () => {
  it("shifts the route, then drains, stops and retires the version before it", () => {
    const story = given(...secondStarts)
      .when(ready("second"))
      .thenEvents(wasReady("second", 2), wasRouted("second", 2, 2, version("second", 2), version("first", 1)))
      .when(applied(2), 5_000)
      .thenEvents(wasApplied("second", 2), wasCompleted("second"), isDraining("first", 1, 2, 35_000, "Retired"))
      .underWay("drain:first")
      .when(drained("first"))
      .thenEvents(wasDrained("first", 1))
      .underWay("stop:first")
      .when(stopped("first"))
      .thenEvents(wasStopped("first", 1), wasRetired("first"))
      .underWay();
    expect(story.state.route).toEqual({
      revision: 2,
      targets: [{ version: version("second", 2), share: 1 }],
      closed: [],
    });
  });

  it("that fails leaves the version before it as it was", () => {
    const story = given(...secondValidates)
      .when({ type: "validation-failed", deployment: "second", failure, report })
      .thenEvents({ type: "ValidationFailed", deployment: "second", failure, report });
    expect(story.state).toEqual({
      ...given(...firstRuns).state,
      deployments: story.state.deployments,
      commands: {
        "long ago": true,
      },
    });
    expect(story.state.deployments["first"]?.state).toBe("Running");
  });

  it("of the one that failed over to its predecessor replaces that predecessor", () => {
    given(
      ...secondShifts,
      wasTakenBack("second"),
      wasRouted("second", 3, 3, version("first", 1), version("second", 2)),
      wasApplied("second", 3),
      isDraining("second", 2, 3, 0, "RolledBack"),
      wasDrained("second", 2),
    )
      .when(stopped("second"))
      .thenEvents(wasStopped("second", 2), wasRolledBack("second"))
      .when(deploy("third"))
      .thenEvents(wasAsked("third"), wasStarted("third", "first"));
  });

  it("may begin while the version before the last still drains", () => {
    given(...secondRuns)
      .when(deploy("third"))
      .thenEvents(wasAsked("third"), wasStarted("third", "second"))
      .underWay("drain:first", "validate:third", "expire:third:0");
  });
});

describe("the queue", () => {
  it("holds a second deployment until the first is done", () => {
    given(...firstShifts)
      .when(deploy("second"))
      .thenEvents(wasAsked("second"))
      .when(applied(1))
      .thenEvents(wasApplied("first", 1), wasCompleted("first"), wasStarted("second", "first"));
  });

  it("goes on when the one before failed in validation", () => {
    given(...firstValidates, wasAsked("second"))
      .when({ type: "validation-failed", deployment: "first", failure, report })
      .thenEvents({ type: "ValidationFailed", deployment: "first", failure, report }, wasStarted("second"));
  });

  it("goes on when the one before did not start", () => {
    given(...firstStarts, wasAsked("second"))
      .when({ type: "version-failed", deployment: "first", failure })
      .thenEvents({ type: "DeploymentFailed", deployment: "first", failure }, wasStarted("second"))
      .underWay("stop:first", "validate:second", "expire:second:0");
  });

  it("goes on when the one before was aborted", () => {
    given(...firstValidates, wasAsked("second"))
      .when(abort("first"))
      .thenEvents(wasRolledBack("first"), wasStarted("second"));
  });

  it("waits for a rollback to be over before the next in line starts", () => {
    given(...secondShifts, wasAsked("third"))
      .when(abort("second"))
      .thenEvents(wasTakenBack("second"), wasRouted("second", 3, 3, version("first", 1), version("second", 2)))
      .when(applied(3))
      .thenEvents(wasApplied("second", 3), isDraining("second", 2, 3, 31_000, "RolledBack"))
      .when(drained("second"))
      .thenEvents(wasDrained("second", 2))
      .when(stopped("second"))
      .thenEvents(wasStopped("second", 2), wasRolledBack("second"), wasStarted("third", "first"));
  });

  it("keeps the order in which was asked", () => {
    const story = given(...firstValidates, wasAsked("second"), wasAsked("third"));
    expect(story.state.queue).toEqual(["second", "third"]);
    story
      .when(abort("second"))
      .thenEvents(wasRolledBack("second"))
      .when(abort("first"))
      .thenEvents(wasRolledBack("first"), wasStarted("third"));
  });

  it("is bounded", () => {
    given(...firstValidates, wasAsked("second"), wasAsked("third"))
      .when(deploy("fourth"))
      .thenRefused("queue-full", "2 deployments of processor wait already, at most 2 may");
  });
});

describe("a time that runs out", () => {
  const late = (step: number) => ({ type: "step-expired", deployment: "first", step }) as const;

  it("ends a validation that gave no verdict", () => {
    const reason = "no verdict after 60000 ms, 60000 ms were allowed; is a validator running?";
    given(...firstValidates)
      .when(late(0), 59_999)
      .thenNothing()
      .when(late(0), 60_000)
      .thenEvents({
        type: "ValidationFailed",
        deployment: "first",
        failure: { stage: "validate", code: "validation-timeout", reason },
        report: null,
      });
  });

  it("ends a start that did not become ready, and stops what was started", () => {
    const reason = "not ready after 30001 ms, 30000 ms were allowed; is an agent-host running?";
    given(...firstStarts)
      .when(late(1), 30_001)
      .thenEvents({
        type: "DeploymentFailed",
        deployment: "first",
        failure: { stage: "start", code: "version-failed", reason },
      })
      .underWay("stop:first");
  });

  it("means nothing once the step is over", () => {
    given(...firstStarts)
      .when(late(0), 1e9)
      .thenNothing();
    given(...firstShifts)
      .when(late(1), 1e9)
      .thenNothing()
      .when(late(2), 1e9)
      .thenNothing();
  });
});
