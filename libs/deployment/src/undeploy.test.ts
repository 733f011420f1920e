import { describe, expect, it } from "vitest";
import type { AgentRequest } from "./command.ts";
import { given } from "./specification/given.ts";
import {
  applied,
  canaryRuns,
  canaryWatched,
  deploy,
  drained,
  firstRuns,
  firstShifts,
  firstValidates,
  isDraining,
  rollback,
  sees,
  stopped,
  version,
  wasApplied,
  wasAsked,
  wasDrained,
  wasRetired,
  wasRolledBack,
  wasRouted,
  wasSeen,
  wasShared,
  wasStarted,
  wasStopped,
} from "./specification/history.ts";

const said = { reason: "wound down", actor: "alice" };
const undeploy = (inbox: "drain" | "keep" | "dead-letter"): AgentRequest => ({
  type: "undeploy",
  inbox,
  reason: said.reason,
});
const hold: AgentRequest = { type: "hold", reason: said.reason };
const release: AgentRequest = { type: "release", reason: said.reason };
const wasUndeployed = (inbox: "drain" | "keep" | "dead-letter") => ({
  type: "UndeployStarted" as const,
  deployment: "first",
  inbox,
  ...said,
});
const isClosed = { type: "InboxClosed" as const, deployment: "first" };
const isEmptied = { type: "InboxEmptied" as const, deployment: "first" };
const isOver = (inbox: "drain" | "keep" | "dead-letter") => ({
  type: "AgentUndeployed" as const,
  deployment: "first",
  inbox,
});
const closed = { type: "inbox-closed" as const, deployment: "first" };
const emptied = { type: "inbox-emptied" as const, deployment: "first" };
const nowhere = wasRouted("first", 3, 2, undefined, version("first", 1));
const goesAway = isDraining("first", 1, 2, 31_000, "Retired");

describe("undeploy", () => {
  it("that drains takes nothing more in, has all of it handled, and only then takes the version away", () => {
    const story = given(...firstRuns)
      .when(undeploy("drain"))
      .thenEvents(wasUndeployed("drain"))
      .underWay("close-inbox")
      .when(closed)
      .thenEvents(isClosed)
      .underWay("empty-inbox:drain")
      .when(emptied)
      .thenEvents(isEmptied, nowhere)
      .underWay("route:2")
      .when(applied(2))
      .thenEvents(wasApplied("first", 2), goesAway)
      .underWay("drain:first")
      .when(drained("first"))
      .thenEvents(wasDrained("first", 1))
      .when(stopped("first"))
      .thenEvents(wasStopped("first", 1), wasRetired("first"), isOver("drain"))
      .underWay();
    expect(story.state).toMatchObject({ active: undefined, undeployed: { inbox: "drain" } });
    expect(story.state.undeploy).toBeUndefined();
  });

  it("that keeps takes the version away and leaves what is in the inbox", () => {
    given(...firstRuns)
      .when(undeploy("keep"))
      .thenEvents(wasUndeployed("keep"))
      .when(closed)
      .thenEvents(isClosed, nowhere)
      .when(applied(2))
      .thenEvents(wasApplied("first", 2), goesAway);
  });

  it("that dead-letters takes the messages from the version, and the version away when none is left", () => {
    given(...firstRuns)
      .when(undeploy("dead-letter"))
      .thenEvents(wasUndeployed("dead-letter"))
      .when(closed)
      .thenEvents(isClosed, nowhere)
      .underWay("route:2")
      .when(applied(2))
      .thenEvents(wasApplied("first", 2))
      .underWay("empty-inbox:dead-letter")
      .when(emptied)
      .thenEvents(isEmptied, goesAway);
  });

  it("takes the version that was kept warm away too", () => {
    const { state } = given(...canaryRuns)
      .when(undeploy("keep"))
      .thenEvents({ ...wasUndeployed("keep"), deployment: "second" })
      .when({ ...closed, deployment: "second" })
      .thenEvents(
        { ...isClosed, deployment: "second" },
        {
          type: "RouteChanged",
          deployment: "second",
          step: 6,
          revision: 4,
          targets: [],
          closed: [
            { version: version("first", 1), revision: 3 },
            { version: version("second", 2), revision: 4 },
          ],
        },
      )
      .when(applied(4))
      .thenEvents(
        wasApplied("second", 4),
        isDraining("second", 2, 4, 31_000, "Retired"),
        isDraining("first", 1, 3, 31_000, "Retired"),
      );
    expect(state.deployments["first"]?.state).toBe("Draining");
  });

  it("with a rollout under way, or with one that waits, is refused, and says what to do first", () => {
    given(...canaryWatched)
      .when(undeploy("keep"))
      .thenRefused("not-allowed-now", "proc-v2-2e2e2 is on its way (canary 5 %); abort what is on its way");
    given(...firstValidates, wasAsked("second"))
      .when(undeploy("keep"))
      .thenRefused("not-allowed-now");
  });

  it("of one that was never deployed, or is not any more, is refused", () => {
    given(...firstValidates, wasRolledBack("first"))
      .when(undeploy("keep"))
      .thenRefused("not-allowed-now", "no version of processor is deployed");
  });

  it("said twice is once; another way out may be asked for while the inbox drains for ever", () => {
    given(...firstRuns, wasUndeployed("drain"), isClosed)
      .when(undeploy("drain"))
      .thenNothing()
      .when(undeploy("dead-letter"))
      .thenEvents(wasUndeployed("dead-letter"), nowhere)
      .when(undeploy("keep"))
      .thenRefused("not-allowed-now", "takes no more messages");
  });

  it("keeps what is deployed meanwhile waiting, and lets it start afterwards as a first", () => {
    const ends = [nowhere, wasApplied("first", 2), goesAway, wasDrained("first", 1)];
    given(...firstRuns, wasUndeployed("keep"), isClosed)
      .when(deploy("second"))
      .thenEvents(wasAsked("second"));
    given(...firstRuns, wasUndeployed("keep"), isClosed, wasAsked("second"), ...ends)
      .when(stopped("first"))
      .thenEvents(wasStopped("first", 1), wasRetired("first"), isOver("keep"), wasStarted("second"));
  });

  it("is refused in a freeze, unless somebody says why", () => {
    const frozen = { freezes: [{ reason: "audit", actor: "ada", sinceMs: 0 }] };
    given(...firstRuns)
      .in(frozen)
      .when(undeploy("keep"))
      .thenRefused("frozen", "audit")
      .when({ ...undeploy("keep"), overrideFreeze: "agreed" } as AgentRequest)
      .thenEvents({ ...wasUndeployed("keep"), overrideFreeze: "agreed" });
  });

  it("leaves nothing to roll back to", () => {
    given(...canaryRuns, { ...wasUndeployed("keep"), deployment: "second" })
      .when(rollback("second"))
      .thenRefused("not-allowed-now", "is being undeployed");
  });
});

describe("hold", () => {
  const isHeld = { type: "AgentHeld" as const, deployment: "first", revision: 2, ...said };
  const isReleased = { type: "AgentReleased" as const, deployment: "first", revision: 3, ...said };

  it("is a revision of the route that every router follows, and release is the next", () => {
    const story = given(...firstRuns)
      .when(hold)
      .thenEvents(isHeld)
      .underWay("route:2")
      .when(applied(2))
      .thenEvents(wasApplied("first", 2))
      .underWay();
    expect(story.state.route).toEqual({ ...given(...firstRuns).state.route, revision: 2 });
    expect(story.state.hold).toMatchObject({ reason: "wound down", actor: "alice" });
    const released = story.when(release).thenEvents(isReleased).underWay("route:3");
    expect(released.state.hold).toBeUndefined();
  });

  it("said twice is once, and so is release", () => {
    given(...firstRuns, isHeld)
      .when(hold)
      .thenNothing();
    given(...firstRuns)
      .when(release)
      .thenNothing();
  });

  it("of one that takes no messages is refused", () => {
    given(...firstValidates, wasRolledBack("first"))
      .when(hold)
      .thenRefused("not-allowed-now", "no version of processor takes messages");
  });

  it("lets a deployment through: what mends the agent comes in while nothing is taken", () => {
    given(...firstShifts, isHeld)
      .when(applied(2))
      .thenEvents(wasApplied("first", 2), { type: "DeploymentCompleted", deployment: "first" });
  });

  it("keeps a canary where it is, and has it watched anew afterwards", () => {
    const story = given(...canaryWatched, { ...isHeld, revision: 3 })
      .when(applied(3), 10_000)
      .thenEvents(wasApplied("second", 3))
      .when(sees("pass"), 1e9)
      .thenNothing()
      .when(release, 400_000)
      .thenEvents({ ...isReleased, revision: 4 })
      .when(applied(4), 400_000)
      .thenEvents(wasApplied("second", 4))
      .when(sees("pass"), 699_999)
      .thenEvents(wasSeen("pass", "none"))
      .when(sees("pass"), 700_000)
      .thenEvents(wasSeen("pass", "promote"), wasShared(3, 5, 0.25));
    expect(story.state.hold).toBeUndefined();
  });

  it("is over when the agent is undeployed; it cannot be drained before", () => {
    given(...firstRuns, isHeld)
      .when(undeploy("drain"))
      .thenRefused("not-allowed-now", "release it first")
      .when(undeploy("keep"))
      .thenEvents(wasUndeployed("keep"));
  });
});
