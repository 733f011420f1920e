import { describe, expect, it } from "vitest";
import type { Report, Request } from "./command.ts";
import type { Fact } from "./event.ts";
import type { RedriveRequest, RedriveScope } from "./redrive.ts";
import { given } from "./specification/given.ts";
import {
  canaryRuns,
  canaryWatched,
  firstRuns,
  firstValidates,
  isDraining,
  secondValidates,
  wasDrained,
  wasRolledBack,
  wasRouted,
  wasStopped,
  wasTakenBack,
  version,
} from "./specification/history.ts";

const all: RedriveScope = { failedOnly: false };
const tally = { redriven: 40, already: 1, gone: 2, unknown: 0, unfit: 0 };
const redrive = (scope: RedriveScope = all): RedriveRequest => ({
  type: "redrive",
  deployment: "second",
  reason: "it was wrong",
  stop: false,
  ...scope,
});
const stop: Request = { type: "redrive", deployment: "second", reason: "enough", stop: true, ...all };
const finished = (number: number): Report => ({ type: "redrive-finished", deployment: "second", number, tally });
const by = (number: number, reason: string) => ({ deployment: "second", number, actor: "alice", reason });
const wasBegun = (number: number, scope: RedriveScope = all): Fact => ({
  type: "RedriveStarted",
  ...by(number, "it was wrong"),
  ...scope,
});
const wasEnded = (number: number): Fact => ({ type: "RedriveFinished", deployment: "second", number, tally });

const goesBack: readonly Fact[] = [
  ...canaryWatched,
  wasTakenBack("second"),
  wasRouted("second", 6, 3, version("first", 1), version("second", 2)),
  isDraining("second", 2, 3, 30_000, "RolledBack"),
];
const isBack: readonly Fact[] = [
  ...goesBack,
  wasDrained("second", 2),
  wasStopped("second", 2),
  wasRolledBack("second"),
];

describe("a redrive", () => {
  it("of a version that was rolled back goes on until it is finished", () => {
    const story = given(...isBack)
      .underWay("route:3")
      .when(redrive())
      .thenEvents(wasBegun(1))
      .underWay("route:3", "redrive:second:1")
      .when(finished(1))
      .thenEvents(wasEnded(1))
      .underWay("route:3")
      .when(finished(1))
      .thenNothing();
    expect(story.state.deployments["second"]).toMatchObject({
      state: "RolledBack",
      redrive: { number: 1, state: "finished", tally },
    });
  });

  it("asked for again while it is under way is the same one, and for other messages is refused", () => {
    given(...isBack, wasBegun(1))
      .when(redrive())
      .thenNothing()
      .when(redrive({ failedOnly: true }))
      .thenRefused("not-allowed-now", "stop it first")
      .when(redrive({ failedOnly: false, limit: 5 }))
      .thenRefused("not-allowed-now", "redrive 1");
  });

  it("can be stopped, and the next one has a number of its own", () => {
    given(...isBack, wasBegun(1))
      .when(stop)
      .thenEvents({ type: "RedriveStopped", ...by(1, "enough") })
      .underWay("route:3")
      .when(finished(1))
      .thenNothing()
      .when(stop)
      .thenRefused("not-allowed-now", "no redrive")
      .when(redrive({ failedOnly: true, limit: 5 }))
      .thenEvents(wasBegun(2, { failedOnly: true, limit: 5 }))
      .underWay("route:3", "redrive:second:2")
      .when(finished(1))
      .thenNothing();
  });

  it("is refused while the version is not back yet, and where it runs", () => {
    given(...goesBack)
      .when(redrive())
      .thenRefused("not-allowed-now", "Draining");
    given(...canaryRuns)
      .when(redrive())
      .thenRefused("not-allowed-now", "roll it back first");
    given(...firstRuns)
      .when(redrive())
      .thenRefused("unknown-deployment");
  });

  it("has nothing to do where there never was a version", () => {
    given(...secondValidates, wasRolledBack("second"))
      .when(redrive())
      .thenRefused("nothing-to-redrive", "before it had a version");
  });

  it("needs a version that is there to handle them again", () => {
    const back: readonly Fact[] = [
      ...firstValidates,
      { type: "ValidationPassed", deployment: "first", version: version("first", 1), ordinal: 1, report: {} },
      wasRolledBack("first"),
    ];
    given(...back)
      .when({ ...redrive(), deployment: "first" })
      .thenRefused("not-allowed-now", "deploy one first");
  });
});
