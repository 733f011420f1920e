import { describe, expect, it } from "vitest";
import type { Fact } from "./event.ts";
import { next } from "./next.ts";
import { given } from "./specification/given.ts";
import {
  awaitsApproval,
  canaryRuns,
  canaryShifts,
  canaryWatched,
  firstRuns,
  firstShifts,
  firstStarts,
  firstValidates,
  isDraining,
  secondRuns,
  secondShifts,
  secondStarts,
  version,
  wasAsked,
  wasApplied,
  wasClosed,
  wasDrained,
  wasRetired,
  wasRolledBack,
  wasRouted,
  wasStopped,
  wasTakenBack,
} from "./specification/history.ts";

const takenBack: readonly Fact[] = [
  ...secondShifts,
  wasTakenBack("second"),
  wasRouted("second", 3, 3, version("first", 1), version("second", 2)),
];
const second = { deployment: "second", version: version("second", 2) };
const first = { deployment: "first", version: version("first", 1) };

const cases: readonly (readonly [string, readonly Fact[], readonly object[]])[] = [
  ["nothing for an agent nobody knows", [], []],
  [
    "a validation and its deadline, and nothing for the one that waits",
    [...firstValidates, wasAsked("second")],
    [
      { kind: "validate", key: "validate:first", deployment: "first", deadlineAtMs: 60_000 },
      { kind: "expire", key: "expire:first:0", deployment: "first", step: 0, atMs: 60_000 },
    ],
  ],
  [
    "a start and its deadline",
    firstStarts,
    [
      { kind: "start", key: "start:first", ...first, deadlineAtMs: 30_000 },
      { kind: "expire", key: "expire:first:1", deployment: "first", step: 1, atMs: 30_000 },
    ],
  ],
  ["a route that the routers do not follow yet", firstShifts, [{ kind: "route", key: "route:1", revision: 1 }]],
  ["nothing for a version that runs", firstRuns, []],
  [
    "the drain of the version that was replaced",
    secondRuns,
    [{ kind: "drain", key: "drain:first", ...first, revision: 2, deadlineAtMs: 30_000 }],
  ],
  [
    "the stop of a version that is drained",
    [...secondRuns, wasDrained("first", 1)],
    [{ kind: "stop", key: "stop:first", ...first }],
  ],
  [
    "nothing for one that retired",
    [...secondRuns, wasDrained("first", 1), wasStopped("first", 1), wasRetired("first")],
    [],
  ],
  [
    "the route of a rollback, and until its version has closed",
    takenBack,
    [
      { kind: "close", key: "close:second", ...second, revision: 3 },
      { kind: "route", key: "route:3", revision: 3 },
    ],
  ],
  [
    "the drain of the version that was taken back",
    [
      ...takenBack,
      wasClosed("second", 2, 3),
      wasApplied("second", 3),
      isDraining("second", 2, 3, 44_000, "RolledBack"),
    ],
    [{ kind: "drain", key: "drain:second", ...second, revision: 3, deadlineAtMs: 44_000 }],
  ],
  [
    "the drain of one taken back before it had messages",
    [...secondStarts, wasTakenBack("second"), isDraining("second", 2, 1, 7, "RolledBack")],
    [{ kind: "drain", key: "drain:second", ...second, revision: 1, deadlineAtMs: 7 }],
  ],
  [
    "the stop of one that failed to start",
    [
      ...firstStarts,
      { type: "DeploymentFailed", deployment: "first", failure: { stage: "start", code: "x", reason: "y" } },
    ],
    [{ kind: "stop", key: "stop:first", ...first }],
  ],
  [
    "a look at a canary's share until its time is over",
    canaryWatched,
    [
      {
        kind: "watch",
        key: "watch:second:2",
        ...second,
        step: 2,
        revision: 2,
        stable: first.version,
        endsAtMs: 300_000,
      },
    ],
  ],
  [
    "nothing for a share that waits for its routers but the route",
    canaryShifts,
    [{ kind: "route", key: "route:2", revision: 2 }],
  ],
  ["nothing for one that waits for a person", [...canaryWatched, awaitsApproval("second", 3)], []],
  [
    "the end of the time that the version before is kept warm",
    canaryRuns,
    [{ kind: "cleanup", key: "cleanup:first", deployment: "first", atMs: 300_000 }],
  ],
  ["nothing for one that was aborted in the queue", [...firstRuns, wasAsked("second"), wasRolledBack("second")], []],
];

describe("what should be under way", () => {
  it.each(cases)("%s", (_what, history, effects) => {
    expect(next(given(...history).state)).toEqual(effects);
  });
});
