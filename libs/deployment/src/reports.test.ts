import { describe, expect, it } from "vitest";
import type { Report } from "./command.ts";
import { decide } from "./decide.ts";
import type { Fact } from "./event.ts";
import { given, policy } from "./specification/given.ts";
import {
  applied,
  canaryWatched,
  drained,
  failure,
  firstRuns,
  firstShifts,
  firstValidates,
  looked,
  passed,
  ready,
  secondRuns,
  secondShifts,
  secondStarts,
  secondValidates,
  stopped,
  wasApplied,
  wasAsked,
  wasCompleted,
  wasDrained,
  wasRetired,
  wasRolledBack,
  wasStarted,
  wasStopped,
} from "./specification/history.ts";

/** About no deployment of its own. */
type OfAgent = "route-applied" | "artifact-removed" | "code-removed";

const about = (deployment: "first" | "second"): Readonly<Record<Exclude<Report["type"], OfAgent>, Report>> => ({
  "validation-passed": passed(deployment),
  "validation-failed": { type: "validation-failed", deployment, failure, report: null },
  "version-ready": ready(deployment),
  "version-failed": { type: "version-failed", deployment, failure },
  "version-drained": drained(deployment),
  "version-stopped": stopped(deployment),
  "version-closed": { type: "version-closed", deployment, revision: 3 },
  verdict: { type: "verdict", deployment, step: 2, verdict: looked("pass") },
  "warmed-up": {
    type: "warmed-up",
    deployment,
    step: 2,
    warmUp: {
      source: "history",
      messages: 1,
      answers: 9,
      failed: 0,
      regressed: 0,
      crashes: 0,
      ended: "steady",
      tookMs: 5,
    },
  },
  "version-lost": { type: "version-lost", deployment, sinceMs: 1, reason: "nobody was there" },
  "shadow-over": { type: "shadow-over", deployment, cause: "over", reason: "its time is over" },
  "cleanup-over": { type: "cleanup-over", deployment },
  "redrive-finished": {
    type: "redrive-finished",
    deployment,
    number: 1,
    tally: { redriven: 1, already: 0, gone: 0, unknown: 0, unfit: 0 },
  },
  "step-expired": { type: "step-expired", deployment, step: 0 },
  busy: { type: "busy", deployment, step: 0, place: 1, waiting: 1, reason: "full" },
  "turn-came": { type: "turn-came", deployment, step: 0 },
  "inbox-closed": { type: "inbox-closed", deployment },
  "inbox-emptied": { type: "inbox-emptied", deployment },
  "way-free": { type: "way-free", deployment },
});

/** What the state can hear about a deployment; everything else is old news. */
const heard: readonly (readonly [state: string, history: readonly Fact[], reports: readonly string[]])[] = [
  ["Queued", [...firstValidates, wasAsked("second")], []],
  ["Validating", secondValidates, ["validation-passed", "validation-failed", "step-expired", "busy"]],
  ["Deploying, starting", secondStarts, ["version-ready", "version-failed"]],
  ["Deploying, shifted", secondShifts, []],
  ["Deploying, watched", canaryWatched, ["verdict"]],
  ["Running", secondRuns, []],
  ["RolledBack", [...secondValidates, wasRolledBack("second")], []],
];

describe.each(heard)("a deployment that is %s", (_state, history, reports) => {
  it("hears what fits, and to everything else it is deaf", () => {
    const decided = Object.values(about("second")).filter((report) => {
      const command = { ...report, commandId: "id", actor: "alice" };
      const decision = decide(command, given(...history).state, policy, 1e9);
      expect(decision.ok).toBe(true);
      return decision.ok && decision.events.length > 0;
    });
    expect(decided.map(({ type }) => type)).toEqual(reports);
  });
});

describe("a report that comes again", () => {
  it("of a retired version decides nothing", () => {
    const retired = [...secondRuns, wasDrained("first", 1), wasStopped("first", 1), wasRetired("first")];
    for (const report of Object.values(about("first")))
      given(...retired)
        .when(report, 1e9)
        .thenNothing();
  });

  it("of a route decides nothing, nor does one of a route that is no more or not yet", () => {
    given(...firstRuns)
      .when(applied(1))
      .thenNothing();
    given(...secondShifts)
      .when(applied(1))
      .thenNothing()
      .when(applied(3))
      .thenNothing();
  });

  it("of a drain decides nothing the second time", () => {
    given(...secondRuns)
      .when(drained("first"))
      .thenEvents(wasDrained("first", 1))
      .when(drained("first"))
      .thenNothing();
  });

  it("that a version stopped decides nothing while it still should run", () => {
    given(...firstRuns)
      .when(stopped("first"))
      .thenNothing();
    given(...secondRuns)
      .when(stopped("first"))
      .thenNothing();
  });

  it("of a deployment nobody knows decides nothing", () => {
    for (const report of Object.values(about("second")))
      given(...firstRuns)
        .when(report, 1e9)
        .thenNothing();
    given().when(applied(1)).thenNothing();
  });
});

describe("a report without its findings", () => {
  it("is stored as null, because undefined would be lost in JSON", () => {
    given(...firstValidates)
      .when({ type: "validation-failed", deployment: "first", failure, report: undefined })
      .thenEvents({ type: "ValidationFailed", deployment: "first", failure, report: null });
  });
});

describe("a history that no decision of ours wrote", () => {
  it("moves nobody to messages who is not at a shift", () => {
    const strange = [...firstShifts, wasCompleted("first"), wasAsked("second"), wasStarted("second", "first")];
    given(...strange)
      .underWay("route:1", "validate:second", "expire:second:0")
      .when(applied(1))
      .thenEvents(wasApplied("second", 1))
      .underWay("validate:second", "expire:second:0");
  });
});
