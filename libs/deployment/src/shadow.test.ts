import { describe, expect, it } from "vitest";
import type { Report, Request } from "./command.ts";
import type { Fact } from "./event.ts";
import { next } from "./next.ts";
import { defaultShadow } from "./shadow/settings.ts";
import { given } from "./specification/given.ts";
import {
  abort,
  applied,
  deploy,
  failure,
  firstRuns,
  isDraining,
  passed,
  ready,
  request,
  rollback,
  secondShifts,
  stopped,
  version,
  wasApplied,
  wasAsked,
  wasCompleted,
  wasDrained,
  wasPassed,
  wasReady,
  wasRetired,
  wasRouted,
  wasStarted,
  wasStopped,
} from "./specification/history.ts";
import { directPlan, planProblem, shadowPlan } from "./strategy.ts";

const shadow = { strategy: "shadow", plan: shadowPlan(3_600_000), shadow: defaultShadow } as const;
const kept = (keptMs: number): Request => ({ type: "deploy", ...request("second", shadow), keptMs });
const summary = { compared: 10, equal: 9, different: 1, failed: 0, missed: 0 };
const over: Report = { type: "shadow-over", deployment: "second", cause: "over", reason: "its time is over", summary };
const wasEnded = (cause: "over" | "stopped", reason: string): Fact => ({
  type: "ShadowEnded",
  deployment: "second",
  cause,
  reason,
  actor: "alice",
  ...(cause === "over" ? { summary } : {}),
});

const validates: readonly Fact[] = [...firstRuns, wasAsked("second", shadow), wasStarted("second")];
const starts: readonly Fact[] = [...validates, wasPassed("second", 2)];
const compares: readonly Fact[] = [...starts, wasReady("second", 2)];

describe("a shadow", () => {
  it("runs beside the live version to its end, and is retired", () => {
    const story = given(...firstRuns)
      .when(deploy("second", shadow))
      .thenEvents(wasAsked("second", shadow), wasStarted("second"))
      .underWay("validate:second", "expire:second:0")
      .when(passed("second"))
      .thenEvents(wasPassed("second", 2))
      .underWay("start:second", "expire:second:1")
      .when(ready("second"))
      .thenEvents(wasReady("second", 2))
      .underWay("shadow:second")
      .when(over)
      .thenEvents(wasEnded("over", "its time is over"))
      .underWay("stop:second")
      .when(stopped("second"))
      .thenEvents(wasStopped("second", 2), wasRetired("second"))
      .underWay();
    expect(story.state.deployments["second"]).toMatchObject({ state: "Retired", shadowEnd: { cause: "over" } });
    expect(story.state.deployments["first"]?.state).toBe("Running");
  });

  it("never has a share of the messages, and leaves the route as it is", () => {
    const story = given(...compares)
      .when(over)
      .thenEvents(wasEnded("over", "its time is over"));
    expect(story.state.route).toEqual(given(...firstRuns).state.route);
    expect(story.state.active).toBe("first");
  });

  it("is compared for its time, from when its version was ready", () => {
    const story = given(...starts)
      .when(ready("second"), 5_000)
      .thenEvents(wasReady("second", 2));
    expect(story.state.deployments["second"]).toMatchObject({ state: "Deploying", stepStartedAtMs: 5_000 });
  });

  it("stands in no line and takes no place in it", () => {
    given(...compares)
      .when(deploy("third"))
      .thenEvents(wasAsked("third"), wasStarted("third", "first"));
    given(...secondShifts)
      .when(deploy("third", shadow))
      .thenEvents(wasAsked("third", shadow), wasStarted("third"))
      .when(applied(2))
      .thenEvents(wasApplied("second", 2), wasCompleted("second"), {
        type: "DrainStarted",
        deployment: "first",
        version: version("first", 1),
        revision: 2,
        deadlineAtMs: 31_000,
        ending: "Retired",
      });
  });

  it("goes on while the live version is replaced", () => {
    given(...compares, wasAsked("third"), wasStarted("third", "first"), wasPassed("third", 3))
      .when(ready("third"))
      .thenEvents(wasReady("third", 3), {
        type: "RouteChanged",
        deployment: "third",
        step: 2,
        revision: 2,
        targets: [{ version: version("third", 3), share: 1 }],
        closed: [{ version: version("first", 1), revision: 2 }],
      })
      .underWay("shadow:second", "route:2");
  });

  it("is compared with what was handled until its agent is undeployed, also where that is deployed again", () => {
    const undeployed: readonly Fact[] = [
      ...compares,
      { type: "UndeployStarted", deployment: "first", inbox: "keep", reason: "wound up", actor: "alice" },
      { type: "InboxClosed", deployment: "first" },
      wasRouted("first", 3, 2, undefined, version("first", 1)),
      wasApplied("first", 2),
      isDraining("first", 1, 2, 31_000, "Retired"),
      wasDrained("first", 1),
    ];
    const story = given(...undeployed)
      .underWay("stop:first", "shadow:second")
      .when(stopped("first"), 9_000)
      .thenEvents(wasStopped("first", 1), wasRetired("first"), {
        type: "AgentUndeployed",
        deployment: "first",
        inbox: "keep",
      })
      .underWay("shadow:second:undeployed");
    expect(next(story.state)).toMatchObject([{ kind: "shadow", undeployedAtMs: 9_000 }]);
    const again = story.when(deploy("third")).thenEvents(wasAsked("third"), wasStarted("third"));
    expect(again.state.deployments["second"]).toMatchObject({ state: "Deploying", undeployedAtMs: 9_000 });
    expect(again.state.deployments["third"]?.undeployedAtMs).toBeUndefined();
    again
      .when({ ...over, cause: "undeployed", reason: "its agent was undeployed" })
      .thenEvents({ ...wasEnded("over", "its agent was undeployed"), cause: "undeployed" } as Fact)
      .underWay("stop:second", "validate:third", "expire:third:0");
  });

  it("may be of the very artifact that is live", () => {
    const same = { ...shadow, fingerprint: "1f1f1".padEnd(64, "0") };
    given(...firstRuns)
      .when(deploy("second", same))
      .thenEvents(wasAsked("second", same), wasStarted("second"));
  });
});

describe("a shadow is refused", () => {
  it("where there is no live version", () => {
    given().when(deploy("second", shadow)).thenRefused("no-live-version", "deploy one first");
  });

  it("where messages are kept for a shorter time than it needs", () => {
    given(...firstRuns)
      .when(kept(60_000))
      .thenRefused(
        "kept-too-short",
        "a shadow of 1 h needs the messages and outcomes of as long, processor's are kept for 60 s",
      );
    given(...firstRuns)
      .when(kept(3_600_000))
      .thenEvents(wasAsked("second", shadow), wasStarted("second"));
  });

  it.each([
    ["a path that does not parse", { ignore: ["$.a", "timestamp"] }, "'timestamp' to ignore, character 1"],
    ["a sample of nothing", { sample: 0 }, "above 0 and at most 1"],
    ["a tolerance of all", { tolerance: 1 }, "from 0 to below 1"],
    ["nothing to compare", { compare: [] }, "output_equivalence"],
  ])("for %s", (_what, changes, saying) => {
    given(...firstRuns)
      .when(deploy("second", { ...shadow, shadow: { ...defaultShadow, ...changes } }))
      .thenRefused("invalid-argument", saying);
  });

  it("for a plan of another strategy, and another strategy for its plan", () => {
    given(...firstRuns)
      .when(deploy("second", { ...shadow, plan: directPlan() }))
      .thenRefused("invalid-argument", "validate, start, shadow, finalize");
    given(...firstRuns)
      .when(deploy("second", { plan: shadow.plan }))
      .thenRefused("invalid-argument", "is of strategy shadow");
    expect(planProblem(shadowPlan(Infinity))).toContain("'shadow' needs a time");
  });

  it("where as many are under way as may be", () => {
    const others = (["second", "third", "fourth"] as const).flatMap((name) => [
      wasAsked(name, shadow),
      wasStarted(name),
    ]);
    const more = (deployment: string) => ({ ...request("fourth", shadow), deployment });
    const fourth: Fact = { type: "DeploymentRequested", actor: "alice", ...more("fifth") };
    given(...firstRuns, ...others, fourth)
      .when({ type: "deploy", ...more("sixth") })
      .thenRefused("not-allowed-now", "at most 4 may be");
  });
});

describe("a shadow that does not come to its end", () => {
  it("is stopped with what it found until then", () => {
    given(...compares)
      .when(abort("second"))
      .thenEvents(wasEnded("stopped", "wrong build"))
      .underWay("stop:second")
      .when(over)
      .thenNothing();
  });

  it("is stopped while its version starts", () => {
    given(...starts)
      .when(abort("second"))
      .thenEvents(wasEnded("stopped", "wrong build"))
      .underWay("stop:second");
  });

  it("is taken out before it has a version", () => {
    given(...validates)
      .when(abort("second"))
      .thenEvents({ type: "DeploymentRolledBack", deployment: "second", reason: "wrong build" });
  });

  it("fails as any other in validation and at its start, and nothing else changes", () => {
    given(...validates)
      .when({ type: "validation-failed", deployment: "second", failure, report: null })
      .thenEvents({ type: "ValidationFailed", deployment: "second", failure, report: null })
      .underWay();
    given(...starts)
      .when({ type: "version-failed", deployment: "second", failure })
      .thenEvents({ type: "DeploymentFailed", deployment: "second", failure })
      .underWay("stop:second");
  });

  it("has no messages to give back, and no steps to go through", () => {
    given(...compares)
      .when(rollback("second"))
      .thenRefused("not-allowed-now", "abort it instead");
    given(...compares)
      .when({ type: "promote", deployment: "second", reason: "good", full: true })
      .thenRefused("not-allowed-now", "no steps to promote");
  });

  it("is stopped once", () => {
    given(...compares, wasEnded("stopped", "wrong build"))
      .when(abort("second"))
      .thenRefused("not-allowed-now", "is Draining");
  });
});
