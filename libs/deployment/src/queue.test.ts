import { describe, expect, it } from "vitest";
import { given } from "./specification/given.ts";
import {
  applied,
  canaryStarts,
  canaryWatched,
  deploy,
  drained,
  firstRuns,
  firstShifts,
  firstValidates,
  isDraining,
  request,
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
import type { Command, Request } from "./command.ts";
import { decide } from "./decide.ts";
import { evolve } from "./evolve.ts";
import { type AgentState, initialState } from "./state.ts";
import type { Fact } from "./event.ts";

const supersede = { onConflict: "supersede" } as const;
const because = "superseded by deployment third";
const cancel = (deployment: string): Request => ({ type: "cancel", deployment, reason: "not needed" });
const move = (deployment: string, place: number, queueRevision?: number): Request => ({
  type: "move",
  deployment,
  place,
  reason: "urgent",
  ...(queueRevision === undefined ? {} : { queueRevision }),
});
const wasMoved = (deployment: string, from: number, to: number): Fact => ({
  type: "QueueReordered",
  deployment,
  from,
  to,
  actor: "alice",
  reason: "urgent",
});
const wasSuperseded = (deployment: string) => ({
  type: "RollbackStarted" as const,
  deployment,
  reason: because,
  actor: "alice",
  cause: "superseded",
  sinceMs: 1_000,
});

describe("a deployment that is to be rejected where another is on its way", () => {
  const reject = { onConflict: "reject" } as const;

  it("is refused, and told by whom", () => {
    given(...canaryWatched)
      .when(deploy("third", reject))
      .thenRefused("deployment-conflict", "proc-v2-2e2e2 is on its way (canary 5 %)");
  });

  it("starts where nothing is", () => {
    given(...firstRuns)
      .when(deploy("second", reject))
      .thenEvents(wasAsked("second", reject), wasStarted("second", "first"));
  });
});

describe("a deployment that supersedes", () => {
  it("ends one that is validated at once, and starts", () => {
    given(...secondValidates)
      .when(deploy("third", supersede))
      .thenEvents(
        wasAsked("third", supersede),
        { type: "DeploymentRolledBack", deployment: "second", reason: because, cause: "superseded" },
        wasStarted("third", "first"),
      );
  });

  it("takes back one that starts its version, and starts when that is gone", () => {
    given(...secondStarts)
      .when(deploy("third", supersede))
      .thenEvents(
        wasAsked("third", supersede),
        wasSuperseded("second"),
        isDraining("second", 2, 1, 1_000, "RolledBack"),
      )
      .when(drained("second"))
      .thenEvents(wasDrained("second", 2))
      .when(stopped("second"))
      .thenEvents(
        wasStopped("second", 2),
        { type: "DeploymentRolledBack", deployment: "second", reason: because },
        wasStarted("third", "first"),
      );
  });

  it("takes back one that has messages: the version before gets them in one revision", () => {
    given(...canaryWatched)
      .when(deploy("third", supersede))
      .thenEvents(
        wasAsked("third", supersede),
        wasSuperseded("second"),
        wasRouted("second", 6, 3, version("first", 1), version("second", 2)),
      )
      .underWay("route:3", "close:second");
  });

  it("waits for the end of a rollback that is under way", () => {
    given(...secondShifts, wasTakenBack("second"), wasRouted("second", 3, 3, version("first", 1), version("second", 2)))
      .when(deploy("third", supersede))
      .thenEvents(wasAsked("third", supersede))
      .when(applied(3))
      .thenEvents(wasApplied("second", 3), isDraining("second", 2, 3, 31_000, "RolledBack"))
      .when(drained("second"))
      .thenEvents(wasDrained("second", 2))
      .when(stopped("second"))
      .thenEvents(wasStopped("second", 2), wasRolledBack("second"), wasStarted("third", "first"));
  });

  it("goes before those that wait", () => {
    const story = given(...canaryStarts, wasAsked("third"))
      .when(deploy("fourth", supersede))
      .thenEvents(
        wasAsked("fourth", supersede),
        { ...wasSuperseded("second"), reason: "superseded by deployment fourth" },
        isDraining("second", 2, 1, 1_000, "RolledBack"),
      );
    expect(story.state.queue).toEqual(["fourth", "third"]);
  });

  it("is asked for once, however often it is said", () => {
    given(...secondValidates, wasAsked("third", supersede))
      .when(deploy("third", supersede))
      .thenNothing();
  });

  it("is bounded as everybody is", () => {
    given(...firstValidates, wasAsked("second"), wasAsked("third"))
      .when(deploy("fourth", supersede))
      .thenRefused("queue-full");
  });
});

describe("a hundred in line", () => {
  const hundred = { maxQueued: 100 };
  const named = (index: number) => ({ ...request("third"), deployment: `number ${index}`, instances: 1 + index });
  const ask = (index: number): Command => ({
    type: "deploy",
    ...named(index),
    commandId: `ask ${index}`,
    actor: "alice",
  });

  function decided(state: AgentState, command: Command): AgentState {
    const decision = decide(command, state, hundred, 1_000);
    if (!decision.ok) throw new Error(decision.refusal.message);
    return decision.events.reduce(evolve, state);
  }

  it("wait in their order, one more is refused, and each starts when the one before has ended", () => {
    const indices = Array.from({ length: 101 }, (_, index) => index);
    const full = indices.map(ask).reduce(decided, initialState);
    expect(full.queue).toHaveLength(100);
    expect(decide(ask(101), full, hundred, 1_000)).toMatchObject({ refusal: { code: "queue-full" } });
    const started: (string | undefined)[] = [];
    let state = full;
    for (const index of indices) {
      started.push(state.rollout);
      const over = { type: "abort", deployment: `number ${index}`, reason: "next", commandId: `end ${index}` } as const;
      state = decided(state, { ...over, actor: "alice" });
    }
    expect(started).toEqual(indices.map((index) => `number ${index}`));
    expect(state.queue).toEqual([]);
  });
});

describe("cancel", () => {
  it("takes one that waits out of the line", () => {
    const story = given(...firstValidates, wasAsked("second"), wasAsked("third"))
      .when(cancel("second"))
      .thenEvents({ type: "DeploymentRolledBack", deployment: "second", reason: "not needed", cause: "cancelled" });
    expect(story.state.queue).toEqual(["third"]);
  });

  it("of one that has started is refused: abort does that", () => {
    given(...firstShifts)
      .when(cancel("first"))
      .thenRefused("not-allowed-now", "abort it instead");
  });
});

describe("move", () => {
  const three = [...firstValidates, wasAsked("second"), wasAsked("third"), wasAsked("fourth")];

  it("gives one that waits another place", () => {
    const story = given(...three)
      .when(move("fourth", 1))
      .thenEvents(wasMoved("fourth", 3, 1));
    expect(story.state.queue).toEqual(["fourth", "second", "third"]);
    const back = story.when(move("fourth", 2)).thenEvents(wasMoved("fourth", 1, 2));
    expect(back.state.queue).toEqual(["second", "fourth", "third"]);
  });

  it("of two who saw the same line lets one win, and tells the other", () => {
    given(...three)
      .when(move("fourth", 1, 0))
      .thenEvents(wasMoved("fourth", 3, 1))
      .when(move("third", 1, 0))
      .thenRefused("stale-queue", "deployment third at place 3 of 3");
  });

  it("does not mind that somebody joined at the end meanwhile", () => {
    const story = given(...firstValidates, wasAsked("second"), wasAsked("third"));
    expect(story.state.queueRevision).toBe(0);
    given(...three)
      .when(move("third", 1, story.state.queueRevision))
      .thenEvents(wasMoved("third", 2, 1));
  });

  it("minds that the first in line has started", () => {
    given(...firstValidates, wasAsked("second"), wasAsked("third"), wasRolledBack("first"), wasStarted("second"))
      .when(move("third", 1, 0))
      .thenRefused("stale-queue");
  });

  it("to where it is changes nothing", () => {
    given(...three)
      .when(move("third", 2))
      .thenNothing();
  });

  it("needs a place that there is, and one that waits", () => {
    given(...three)
      .when(move("third", 4))
      .thenRefused("invalid-argument", "3 wait");
    given(...three)
      .when(move("first", 1))
      .thenRefused("not-allowed-now", "first is Validating");
  });
});
