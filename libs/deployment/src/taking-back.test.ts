import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { given, policy } from "./specification/given.ts";
import {
  abort,
  applied,
  deploy,
  drained,
  firstRuns,
  firstValidates,
  isDraining,
  rollback,
  secondRuns,
  secondShifts,
  secondStarts,
  secondValidates,
  stopped,
  version,
  wasApplied,
  wasAsked,
  wasDrained,
  wasRolledBack,
  wasRouted,
  wasStarted,
  wasStopped,
  wasTakenBack,
} from "./specification/history.ts";

describe("abort", () => {
  it("takes a Queued deployment out of the line", () => {
    const story = given(...firstValidates, wasAsked("second"))
      .when(abort("second"))
      .thenEvents(wasRolledBack("second"));
    expect(story.state.queue).toEqual([]);
    expect(story.state.rollout).toBe("first");
  });

  it("ends a Validating one at once, and its report comes too late", () => {
    given(...secondValidates)
      .when(abort("second"))
      .thenEvents(wasRolledBack("second"))
      .underWay()
      .when({ type: "validation-passed", deployment: "second", shortName: "proc", report: {} })
      .thenNothing();
  });

  it("of a Deploying one that has no messages yet stops its processes and touches no route", () => {
    const story = given(...secondStarts)
      .when(abort("second"))
      .thenEvents(wasTakenBack("second"), isDraining("second", 2, 1, 1_000, "RolledBack"))
      .underWay("drain:second")
      .when({ type: "version-ready", deployment: "second", startMs: 40 })
      .thenNothing()
      .when(drained("second"))
      .thenEvents(wasDrained("second", 2))
      .underWay("stop:second")
      .when(stopped("second"))
      .thenEvents(wasStopped("second", 2), wasRolledBack("second"));
    expect(story.state.route).toEqual(given(...firstRuns).state.route);
    expect(story.state.deployments["first"]).toMatchObject({ state: "Running", processes: "wanted" });
  });

  it("of a Deploying one that has the route puts the previous version back in one revision, then drains", () => {
    const story = given(...secondShifts)
      .when(abort("second"))
      .thenEvents(wasTakenBack("second"), wasRouted("second", 3, 3, version("first", 1), version("second", 2)))
      .underWay("route:3", "close:second");
    expect(story.state.deployments["first"]).toMatchObject({ state: "Running", processes: "wanted" });
    const done = story
      .when(applied(2))
      .thenNothing()
      .when(applied(3), 9_000)
      .thenEvents(wasApplied("second", 3), isDraining("second", 2, 3, 39_000, "RolledBack"))
      .when(drained("second"))
      .thenEvents(wasDrained("second", 2))
      .when(stopped("second"))
      .thenEvents(wasStopped("second", 2), wasRolledBack("second"))
      .underWay();
    expect(done.state).toMatchObject({ active: "first", rollout: undefined });
    expect(done.state.deployments["second"]).toMatchObject({ state: "RolledBack", rollbackReason: "wrong build" });
  });

  it("twice is once, whichever command says it", () => {
    given(...secondShifts)
      .when(abort("second"))
      .thenEvents(wasTakenBack("second"), wasRouted("second", 3, 3, version("first", 1), version("second", 2)))
      .when(abort("second"))
      .thenNothing()
      .when(rollback("second"))
      .thenNothing();
  });

  it("of one that Runs is refused", () => {
    given(...firstRuns)
      .when(abort("first"))
      .thenRefused("not-allowed-now", "first is Running");
  });

  it("of one that retires is refused", () => {
    given(...secondRuns)
      .when(abort("first"))
      .thenRefused("not-allowed-now", "first is Draining");
  });

  it("of one nobody asked for is refused, also where every object has something by that name", () => {
    given().when(abort("first")).thenRefused("unknown-deployment");
    given(...firstRuns)
      .when(abort("constructor"))
      .thenRefused("unknown-deployment", "no deployment constructor of processor");
  });
});

describe("rollback", () => {
  it("of a Deploying one is what abort is", () => {
    given(...secondShifts)
      .when(rollback("second"))
      .thenEvents(wasTakenBack("second"), wasRouted("second", 3, 3, version("first", 1), version("second", 2)));
  });

  it("of one without a version says to abort it", () => {
    given(...secondValidates)
      .when(rollback("second"))
      .thenRefused("not-allowed-now", "abort it instead");
  });

  it("of one that Runs finds no earlier version kept", () => {
    given(...firstRuns)
      .when(rollback("first"))
      .thenRefused("nothing-to-roll-back-to", "proc-v1-1f1f1 runs");
  });
});

describe("asking twice", () => {
  it("with the same command id changes nothing, at any later time", () => {
    const running = given(...firstRuns);
    running.when(deploy("second"), 1, "long ago").thenNothing();
    const deployed = given().when(deploy("first"), 1, "id").thenEvents(wasAsked("first"), wasStarted("first"));
    deployed.when(deploy("first"), 2, "id").thenNothing().when(abort("first"), 3, "id").thenNothing();
  });

  it("for the same deployment changes nothing", () => {
    given(...firstRuns)
      .when(deploy("first"))
      .thenNothing();
    given(...firstValidates, wasAsked("second"))
      .when(deploy("second"))
      .thenNothing();
  });

  it("for another thing under the same deployment id is refused", () => {
    const other = { fingerprint: "5".repeat(64) };
    given(...firstRuns)
      .when(deploy("first", other))
      .thenRefused("deployment-exists", "choose a new id");
    given(...firstRuns)
      .when(deploy("first", { instances: 2 }))
      .thenRefused("deployment-exists");
    given(...firstRuns)
      .when(deploy("first", { allowBreaking: "agreed" }))
      .thenRefused("deployment-exists");
  });

  it("for what already runs is refused while nothing else is on its way", () => {
    const again = deploy("second", { fingerprint: "1f1f1".padEnd(64, "0") });
    given(...firstRuns)
      .when(again)
      .thenRefused("already-active", "proc-v1-1f1f1; nothing to do");
    const scaled = { fingerprint: "1f1f1".padEnd(64, "0"), instances: 3 };
    given(...firstRuns)
      .when(deploy("second", scaled))
      .thenEvents(wasAsked("second", scaled), wasStarted("second", "first"));
    const wider = { fingerprint: "1f1f1".padEnd(64, "0"), concurrency: 2 };
    given(...firstRuns)
      .when(deploy("second", wider))
      .thenEvents(wasAsked("second", wider), wasStarted("second", "first"));
    given(...firstRuns, wasAsked("third"), wasStarted("third", "first"))
      .when(again)
      .thenEvents(wasAsked("second", { fingerprint: "1f1f1".padEnd(64, "0") }));
  });
});

describe("a queue for nobody", () => {
  it("still takes what can start at once", () => {
    const nobodyWaits = { ...policy, maxQueued: 0 };
    const command = { ...deploy("first"), commandId: "id", actor: "alice" };
    expect(decide(command, given().state, nobodyWaits, 0)).toMatchObject({ ok: true });
    expect(decide(command, given(wasAsked("second"), wasStarted("second")).state, nobodyWaits, 0)).toMatchObject({
      refusal: { code: "queue-full" },
    });
  });
});
