import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Request } from "./command.ts";
import { decide } from "./decide.ts";
import { type Freeze, freezeAt, isHeldByFreezes } from "./freeze.ts";
import { given } from "./specification/given.ts";
import {
  abort,
  applied,
  canary,
  canaryShifts,
  canaryStarts,
  canaryWatched,
  deploy,
  firstRuns,
  firstValidates,
  isDraining,
  passed,
  ready,
  secondStarts,
  secondValidates,
  sees,
  version,
  wasApplied,
  wasAsked,
  wasCompleted,
  wasPassed,
  wasReady,
  wasRolledBack,
  wasRouted,
  wasSeen,
  wasShared,
  wasStarted,
  wasTakenBack,
} from "./specification/history.ts";
import { walk } from "./specification/walk.ts";
import { canaryPlan } from "./strategy.ts";

const yearsEnd: Freeze = { reason: "year's end", actor: "ada", sinceMs: 500, untilMs: 10_000 };
const frozen = { freezes: [yearsEnd] };
const text = "all agents are frozen until 1970-01-01T00:00:10.000Z by ada: year's end";
const goOn = (deployment: string) => ({ type: "way-free", deployment }) as const;
const wasFrozen = (deployment: string, step: number, next: number) => ({
  type: "RolloutFrozen" as const,
  deployment,
  step,
  next,
  reason: text,
});
const step = (type: "promote" | "pause" | "resume", more: object = {}): Request =>
  type === "promote"
    ? { type, deployment: "second", reason: "go", full: false, ...more }
    : { type, deployment: "second", reason: "go", ...more };
const said = { deployment: "second", step: 2, actor: "alice", reason: "go" };

describe("in a freeze", () => {
  it("only what it may hold is decided otherwise", () => {
    const maxQueued = 3;
    const lasting = { freezes: [{ reason: "audit", actor: "bob", sinceMs: 0 }], maxQueued };
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 120, size: "max" }), (choices) => {
        for (const { command, before, nowMs } of walk(choices).strides) {
          if (!("actor" in command) || isHeldByFreezes(command.type)) continue;
          const [free, held] = [{ maxQueued }, lasting].map((policy) => decide(command, before, policy, nowMs));
          expect(held?.ok).toBe(free?.ok);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("a deployment is refused, and told why and until when", () => {
    given(...firstRuns)
      .in(frozen)
      .when(deploy("second"))
      .thenRefused("frozen", text);
  });

  it("a deployment that was asked for before is still known", () => {
    given(...secondValidates)
      .in(frozen)
      .when(deploy("second"))
      .thenNothing();
  });

  it("nobody promotes or resumes a rollout; it may be paused, and taken back", () => {
    given(...canaryWatched)
      .in(frozen)
      .when(step("promote"))
      .thenRefused("frozen", text)
      .when(step("resume"))
      .thenRefused("frozen", text)
      .when(step("pause"))
      .thenEvents({ type: "RolloutPaused", ...said })
      .when(abort("second"))
      .thenEvents(wasTakenBack("second"), wasRouted("second", 6, 3, version("first", 1), version("second", 2)));
  });

  it("a rollout stays at its share although it passed, says so once, and goes on with its next verdict", () => {
    const watched = 300_000;
    const long = { freezes: [{ ...yearsEnd, untilMs: 1e9 }] };
    const because = text.replace("1970-01-01T00:00:10.000Z", "1970-01-12T13:46:40.000Z");
    given(...canaryWatched)
      .in(long)
      .when(sees("pass"), watched)
      .thenEvents(wasSeen("pass", "hold"), { ...wasFrozen("second", 2, 3), reason: because })
      .underWay("watch:second:2")
      .when(sees("pass"), watched)
      .thenNothing()
      .in({})
      .when(sees("pass"), watched)
      .thenEvents(wasSeen("pass", "promote"), wasShared(3, 3, 0.25));
  });

  it("one that fails is taken back all the same", () => {
    given(...canaryWatched)
      .in(frozen)
      .when(sees("fail"))
      .thenEvents(
        wasSeen("fail", "rollback"),
        {
          type: "RollbackStarted",
          deployment: "second",
          reason: "error_rate > 1%: nothing observed, 200 samples in 60s",
          actor: "alice",
          cause: "high_error_rate",
          sinceMs: 1_000,
        },
        wasRouted("second", 6, 3, version("first", 1), version("second", 2)),
      );
  });

  it("a version starts and gets no messages, until nothing keeps it", () => {
    given(...secondValidates)
      .in(frozen)
      .when(passed("second"))
      .thenEvents(wasPassed("second", 2))
      .when(ready("second"))
      .thenEvents(wasReady("second", 2), wasFrozen("second", 1, 2))
      .underWay("way:second")
      .when(goOn("second"))
      .thenNothing()
      .when(goOn("second"), 10_000)
      .thenEvents(wasRouted("second", 2, 2, version("second", 2), version("first", 1)))
      .underWay("route:2");
  });

  it("a share that nobody watches is not followed by the next", () => {
    const plan = canaryPlan([
      { kind: "shift", share: 0.05 },
      { kind: "shift", share: 1 },
    ]);
    given(...firstRuns, wasAsked("second", { ...canary, plan }), ...canaryShifts.slice(-4))
      .in(frozen)
      .when(applied(2))
      .thenEvents(wasApplied("second", 2), wasFrozen("second", 2, 3))
      .underWay("way:second")
      .when(goOn("second"), 10_000)
      .thenEvents(wasRouted("second", 3, 3, version("second", 2), version("first", 1)));
  });

  it("one that has all messages already is completed", () => {
    given(...firstValidates, wasPassed("first", 1), wasReady("first", 1), wasRouted("first", 2, 1, version("first", 1)))
      .in(frozen)
      .when(applied(1))
      .thenEvents(wasApplied("first", 1), wasCompleted("first"));
  });

  it("those that wait go on waiting, until nothing keeps the first", () => {
    given(...firstValidates, wasAsked("second"))
      .in(frozen)
      .when(abort("first"))
      .thenEvents(wasRolledBack("first"))
      .underWay("way:second")
      .when(goOn("second"))
      .thenNothing()
      .when(goOn("second"), 10_000)
      .thenEvents(wasStarted("second"));
  });

  it("of one that was frozen nothing is left when it is taken back", () => {
    const story = given(...secondStarts)
      .in(frozen)
      .when(ready("second"))
      .thenEvents(wasReady("second", 2), wasFrozen("second", 1, 2))
      .when(abort("second"))
      .thenEvents(wasTakenBack("second"), isDraining("second", 2, 1, 1_000, "RolledBack"))
      .underWay("drain:second");
    expect(story.state.deployments["second"]?.frozen).toBeUndefined();
  });

  it("one that was frozen before its first share is promoted to that", () => {
    given(...canaryStarts)
      .in(frozen)
      .when(ready("second"))
      .thenEvents(wasReady("second", 2), wasFrozen("second", 1, 2))
      .when(step("promote", { overrideFreeze: "it mends an outage" }))
      .thenEvents(
        { type: "CanaryPromoted", ...said, full: false, overrideFreeze: "it mends an outage" },
        wasShared(2, 2, 0.05),
      );
  });
});

describe("who overrides a freeze", () => {
  const overrideFreeze = "it mends an outage";

  it("says why, and the deployment goes all its way through it", () => {
    given(...firstRuns)
      .in(frozen)
      .when(deploy("second", { overrideFreeze }))
      .thenEvents(wasAsked("second", { overrideFreeze }), wasStarted("second", "first"))
      .when(passed("second"))
      .thenEvents(wasPassed("second", 2))
      .when(ready("second"))
      .thenEvents(wasReady("second", 2), wasRouted("second", 2, 2, version("second", 2), version("first", 1)));
  });

  it("goes before those that the freeze keeps", () => {
    given(...firstValidates, wasAsked("second"), wasRolledBack("first"))
      .in(frozen)
      .when(deploy("third", { overrideFreeze }))
      .thenEvents(wasAsked("third", { overrideFreeze }), wasStarted("third"));
  });

  it("is kept by a freeze that came later", () => {
    given(...firstRuns, wasAsked("second", { overrideFreeze }), wasStarted("second", "first"), wasPassed("second", 2))
      .in(frozen)
      .when(ready("second"))
      .thenEvents(wasReady("second", 2), wasFrozen("second", 1, 2));
  });

  it("where there is none, has overridden none", () => {
    given(...firstRuns)
      .when(deploy("second", { overrideFreeze }))
      .thenEvents(wasAsked("second"), wasStarted("second", "first"));
  });
});

it("of several freezes the one that lasts longest is told", () => {
  const own = { agent: "processor", reason: "audit", actor: "bob", sinceMs: 1 };
  expect(freezeAt({ freezes: [yearsEnd, own] }, 600)).toBe(own);
  expect(freezeAt({ freezes: [yearsEnd] }, 10_000)).toBeUndefined();
});
