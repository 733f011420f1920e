import { describe, expect, it } from "vitest";
import type { StepRequest } from "./command.ts";
import { defaultJudging } from "./judging.ts";
import { given } from "./specification/given.ts";
import {
  abort,
  applied,
  awaitsApproval,
  canary,
  canaryRuns,
  canaryShifts,
  canaryStarts,
  canaryWatched,
  deploy,
  drained,
  firstRuns,
  firstStarts,
  firstValidates,
  isDraining,
  isWarm,
  looked,
  ready,
  rollback,
  secondRuns,
  secondShifts,
  sees,
  stopped,
  version,
  wasApplied,
  wasAsked,
  wasClosed,
  wasCompleted,
  wasDrained,
  wasPassed,
  wasReady,
  wasRetired,
  wasRolledBack,
  wasRouted,
  wasSeen,
  wasShared,
  wasStarted,
  wasStopped,
  wasTakenBack,
} from "./specification/history.ts";
import { canaryPlan } from "./strategy.ts";

const minuteMs = 60_000;
const said = { deployment: "second", reason: "looks good" };
const promote = (changes: { full?: boolean; step?: number } = {}): StepRequest => ({
  type: "promote",
  full: false,
  ...said,
  ...changes,
});
const byAlice = { deployment: "second", actor: "alice", reason: "looks good" };
const wentBack = wasRouted("second", 6, 3, version("first", 1), version("second", 2));
const tookItself = (cause: string, sinceMs: number, reason: string) => ({
  type: "RollbackStarted" as const,
  deployment: "second",
  reason,
  actor: "alice",
  cause,
  sinceMs,
});

describe("a canary", () => {
  it("gets 5 % first, watched from when every router follows the route", () => {
    const story = given(...canaryStarts)
      .when(ready("second"))
      .thenEvents(wasReady("second", 2), wasShared(2, 2, 0.05))
      .underWay("route:2")
      .when(applied(2), 10_000)
      .thenEvents(wasApplied("second", 2))
      .underWay("watch:second:2");
    expect(story.state.deployments["second"]?.watch).toEqual({ endsAtMs: 10_000 + 5 * minuteMs });
  });

  it("moves on when its time is over and it passed, up to all messages, and keeps the version before it warm", () => {
    given(...canaryWatched)
      .when(sees("pass"), 5 * minuteMs)
      .thenEvents(wasSeen("pass", "promote"), wasShared(3, 3, 0.25))
      .when(applied(3), 5 * minuteMs)
      .thenEvents(wasApplied("second", 3))
      .when(sees("pass", 3), 15 * minuteMs)
      .thenEvents(wasSeen("pass", "promote", 3), wasShared(4, 4, 0.5))
      .when(applied(4), 15 * minuteMs)
      .thenEvents(wasApplied("second", 4))
      .when(sees("pass", 4), 25 * minuteMs)
      .thenEvents(wasSeen("pass", "promote", 4), wasRouted("second", 5, 5, version("second", 2), version("first", 1)))
      .when(applied(5), 25 * minuteMs)
      .thenEvents(wasApplied("second", 5), wasCompleted("second"), isWarm("first", 1, "second", 30 * minuteMs))
      .underWay("cleanup:first");
  });

  it("that passes before its time is over waits for it, and that is noted once", () => {
    given(...canaryWatched)
      .when(sees("pass"), 20_000)
      .thenEvents(wasSeen("pass", "none"))
      .when(sees("pass"), 30_000)
      .thenNothing();
  });

  it("notes what changes and decides nothing every five seconds at most", () => {
    given(...canaryWatched)
      .when(sees("pass"), 20_000)
      .thenEvents(wasSeen("pass", "none"))
      .when(sees("inconclusive"), 24_999)
      .thenNothing()
      .when(sees("inconclusive"), 25_000)
      .thenEvents(wasSeen("inconclusive", "none"));
  });

  it("that breaches a rule is taken back at once, with the rule, the numbers and since when", () => {
    const reason = "error_rate > 1%: nothing observed, 200 samples in 60s";
    const story = given(...canaryWatched)
      .when({ type: "verdict", deployment: "second", step: 2, verdict: looked("fail"), breachedAtMs: 980 }, 1_000)
      .thenEvents(wasSeen("fail", "rollback"), tookItself("high_error_rate", 980, reason), wentBack)
      .underWay("route:3", "close:second");
    expect(story.state.deployments["second"]).toMatchObject({ state: "Draining", rollbackReason: reason });
  });

  it("whose time is over without a verdict is held, and goes on when there is one", () => {
    given(...canaryWatched)
      .when(sees("inconclusive"), 5 * minuteMs)
      .thenEvents(wasSeen("inconclusive", "hold"))
      .when(sees("inconclusive"), 6 * minuteMs)
      .thenNothing()
      .when(sees("pass"), 7 * minuteMs)
      .thenEvents(wasSeen("pass", "promote"), wasShared(3, 3, 0.25));
  });

  it("held for longer than may be is taken back, where that was asked for", () => {
    const hasty = {
      ...canary,
      judging: { ...defaultJudging, onInconclusive: "rollback", maxHoldMs: minuteMs },
    } as const;
    const history = [
      ...firstRuns,
      wasAsked("second", hasty),
      wasStarted("second", "first"),
      wasPassed("second", 2),
      wasReady("second", 2),
      wasShared(2, 2, 0.05),
      wasApplied("second", 2),
    ];
    const reason = "error_rate > 1%: nothing observed, 200 samples in 60s";
    given(...history)
      .when(sees("inconclusive"), 5 * minuteMs)
      .thenEvents(wasSeen("inconclusive", "hold"))
      .when(sees("inconclusive"), 6 * minuteMs)
      .thenEvents(wasSeen("inconclusive", "rollback"), tookItself("inconclusive", 6 * minuteMs, reason), wentBack);
  });

  it("is deaf to verdicts on another step, and to those before the routers follow", () => {
    given(...canaryWatched)
      .when(sees("fail", 3))
      .thenNothing();
    given(...canaryShifts)
      .when(sees("fail"))
      .thenNothing();
  });

  it("without a version before it has nobody to share with: all messages at once, nothing watched", () => {
    const history = [wasAsked("first", canary), wasStarted("first"), wasPassed("first", 1)];
    given(...history)
      .when(ready("first"))
      .thenEvents(wasReady("first", 1), wasRouted("first", 5, 1, version("first", 1)))
      .when(applied(1))
      .thenEvents(wasApplied("first", 1), wasCompleted("first"))
      .underWay();
  });

  it("waits at an approval for a person", () => {
    const plan = canaryPlan([{ kind: "shift", share: 0.05 }, { kind: "approve" }, { kind: "shift", share: 1 }]);
    const asked = { ...canary, plan };
    given(...firstRuns, wasAsked("second", asked), wasStarted("second", "first"), wasPassed("second", 2))
      .when(ready("second"))
      .thenEvents(wasReady("second", 2), wasShared(2, 2, 0.05))
      .when(applied(2))
      .thenEvents(wasApplied("second", 2), awaitsApproval("second", 3))
      .underWay()
      .when({ type: "pause", ...said })
      .thenRefused("not-allowed-now", "waits for an approval already")
      .when({ type: "approve", ...said, step: 2 })
      .thenRefused("stale-step", "approve means step 3 of deployment second, which is at step 4 of 6")
      .when({ type: "approve", ...said, step: 3 })
      .thenEvents(
        { type: "StepApproved", ...byAlice, step: 3 },
        wasRouted("second", 4, 3, version("second", 2), version("first", 1)),
      );
  });
});

describe("promote", () => {
  it("goes to the next step at once", () => {
    given(...canaryWatched)
      .when(promote())
      .thenEvents({ type: "CanaryPromoted", ...byAlice, step: 2, full: false }, wasShared(3, 3, 0.25));
  });

  it("fully goes to all messages", () => {
    given(...canaryWatched)
      .when(promote({ full: true, step: 2 }))
      .thenEvents(
        { type: "CanaryPromoted", ...byAlice, step: 2, full: true },
        wasRouted("second", 5, 3, version("second", 2), version("first", 1)),
      );
  });

  it("that means a step which is over is refused, so twice is once", () => {
    given(...canaryWatched)
      .when(promote({ step: 2 }))
      .thenEvents({ type: "CanaryPromoted", ...byAlice, step: 2, full: false }, wasShared(3, 3, 0.25))
      .when(promote({ step: 2 }))
      .thenRefused("stale-step", "promote means step 3 of deployment second, which is at step 4 of 7");
  });

  it("of one that is getting all messages is refused: it completes when the routers follow", () => {
    given(...canaryWatched, wasRouted("second", 5, 3, version("second", 2), version("first", 1)))
      .when(promote())
      .thenRefused("not-allowed-now", "getting all messages already");
  });

  it("of what is no canary, has not begun, or has ended is refused", () => {
    given(...secondShifts)
      .when(promote())
      .thenRefused("not-allowed-now", "second is direct");
    given(...canaryStarts)
      .when(promote())
      .thenRefused("not-allowed-now", "still starting its version");
    given(...canaryRuns)
      .when(promote())
      .thenRefused("not-allowed-now", "second is Running");
    given(...firstValidates)
      .when(promote())
      .thenRefused("unknown-deployment");
  });
});

describe("pause", () => {
  const paused = { type: "RolloutPaused", ...byAlice, step: 2 } as const;

  it("keeps a step where it is however long, and resume lets it have the time it had left", () => {
    const story = given(...canaryWatched)
      .when({ type: "pause", ...said }, 2 * minuteMs)
      .thenEvents(paused)
      .when({ type: "pause", ...said }, 2 * minuteMs)
      .thenNothing()
      .when(sees("pass"), 60 * minuteMs)
      .thenEvents(wasSeen("pass", "none"))
      .when({ type: "resume", ...said }, 62 * minuteMs)
      .thenEvents({ type: "RolloutResumed", ...byAlice, step: 2 })
      .when({ type: "resume", ...said }, 62 * minuteMs)
      .thenNothing();
    expect(story.state.deployments["second"]?.watch?.endsAtMs).toBe(65 * minuteMs);
    story.when(sees("pass"), 64 * minuteMs).thenNothing();
    story.when(sees("pass"), 65 * minuteMs).thenEvents(wasSeen("pass", "promote"), wasShared(3, 3, 0.25));
  });

  it("does not keep a bad version in", () => {
    given(...canaryWatched, paused)
      .when(sees("fail"), 9)
      .thenEvents(
        wasSeen("fail", "rollback"),
        tookItself("high_error_rate", 9, "error_rate > 1%: nothing observed, 200 samples in 60s"),
        wentBack,
      );
  });

  it("is over with a promotion by hand", () => {
    const story = given(...canaryWatched, paused)
      .when(promote())
      .thenEvents({ type: "CanaryPromoted", ...byAlice, step: 2, full: false }, wasShared(3, 3, 0.25));
    expect(story.state.deployments["second"]?.pausedAtMs).toBeUndefined();
  });
});

describe("rollback of a canary", () => {
  it("on its way puts all messages back in one revision; when its processes closed is noted once", () => {
    given(...canaryWatched)
      .when(rollback("second"))
      .thenEvents(wasTakenBack("second"), wentBack)
      .when({ type: "version-closed", deployment: "second", revision: 3 })
      .thenEvents(wasClosed("second", 2, 3))
      .when({ type: "version-closed", deployment: "second", revision: 3 })
      .thenNothing()
      .underWay("route:3")
      .when(applied(3), 5_000)
      .thenEvents(wasApplied("second", 3), isDraining("second", 2, 3, 35_000, "RolledBack"))
      .when(drained("second"))
      .thenEvents(wasDrained("second", 2))
      .when(stopped("second"))
      .thenEvents(wasStopped("second", 2), wasRolledBack("second"))
      .underWay();
  });

  it("that was promoted brings back the version that is kept warm", () => {
    const back = wasRouted("second", 6, 4, version("first", 1), version("second", 2));
    const story = given(...canaryRuns)
      .when(rollback("second"), 1_000)
      .thenEvents(wasTakenBack("second"), back)
      .underWay("route:4", "close:second");
    expect(story.state).toMatchObject({ active: "first", rollout: "second" });
    expect(story.state.deployments["first"]).toMatchObject({ state: "Running", processes: "wanted" });
    const done = story
      .when(applied(4), 2_000)
      .thenEvents(wasApplied("second", 4), isDraining("second", 2, 4, 32_000, "RolledBack"))
      .when(rollback("second"))
      .thenNothing();
    done
      .when(drained("second"))
      .thenEvents(wasDrained("second", 2))
      .when(stopped("second"))
      .thenEvents(wasStopped("second", 2), wasRolledBack("second"))
      .underWay()
      .when(rollback("first"))
      .thenRefused("nothing-to-roll-back-to");
  });

  it("that was promoted is refused while another is on its way, and says what to do", () => {
    given(...canaryRuns, wasAsked("third"), wasStarted("third", "second"))
      .when(rollback("second"))
      .thenRefused("not-allowed-now", "third is on its way to replace proc-v2-2e2e2; abort it first");
  });

  it("says that nothing is left to go back to once the version before it was cleaned up", () => {
    given(...canaryRuns)
      .when({ type: "cleanup-over", deployment: "first" }, 299_999)
      .thenNothing()
      .when({ type: "cleanup-over", deployment: "first" }, 300_000)
      .thenEvents(isDraining("first", 1, 3, 330_000, "Retired"))
      .when(rollback("second"))
      .thenRefused("nothing-to-roll-back-to")
      .when(drained("first"))
      .thenEvents(wasDrained("first", 1))
      .when(stopped("first"))
      .thenEvents(wasStopped("first", 1), wasRetired("first"));
  });

  it("leaves one version warm at a time", () => {
    given(...canaryRuns, wasAsked("third"), wasStarted("third", "second"), wasPassed("third", 3))
      .when(ready("third"))
      .thenEvents(wasReady("third", 3), {
        type: "RouteChanged",
        deployment: "third",
        step: 2,
        revision: 4,
        targets: [{ version: version("third", 3), share: 1 }],
        closed: [
          { version: version("first", 1), revision: 3 },
          { version: version("second", 2), revision: 4 },
        ],
      })
      .when(applied(4), 2_000)
      .thenEvents(
        wasApplied("third", 4),
        wasCompleted("third"),
        isDraining("first", 1, 3, 32_000, "Retired"),
        isDraining("second", 2, 4, 32_000, "Retired"),
      );
  });

  it("of one that waits in line, validates or is unknown is answered as ever", () => {
    given(...firstStarts, wasAsked("second", canary))
      .when(rollback("second"))
      .thenRefused("not-allowed-now", "second is Queued")
      .when(rollback("nobody"))
      .thenRefused("unknown-deployment");
    given(...secondRuns)
      .when(rollback("second"))
      .thenRefused("nothing-to-roll-back-to");
  });

  it("and two commands that race: one wins, the other hears why not", () => {
    given(...canaryWatched)
      .when(rollback("second"))
      .thenEvents(wasTakenBack("second"), wentBack)
      .when(promote({ step: 2 }))
      .thenRefused("not-allowed-now", "second is Draining")
      .when(abort("second"))
      .thenNothing();
  });
});

it("a deployment id with other steps or rules is another deployment", () => {
  given(...firstRuns, wasAsked("second", canary), wasStarted("second", "first"))
    .when(deploy("second", canary))
    .thenNothing()
    .when(deploy("second", { ...canary, plan: canaryPlan(undefined, { validateMs: 1, cleanupMs: 1 }) }))
    .thenRefused("deployment-exists")
    .when(deploy("second", { ...canary, judging: { ...defaultJudging, rollbackOn: [] } }))
    .thenRefused("deployment-exists");
});

it("a look that finds nothing is no verdict", () => {
  expect(looked("inconclusive").outcome).toBe("inconclusive");
});
