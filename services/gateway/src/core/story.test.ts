import { defaultLimits } from "@caxton/contracts/limits";
import type { Report, Request } from "@caxton/deployment/command";
import { decide } from "@caxton/deployment/decide";
import type { DeploymentEvent } from "@caxton/deployment/event";
import { evolve } from "@caxton/deployment/evolve";
import { defaultJudging, type Verdict } from "@caxton/deployment/judging";
import { initialState } from "@caxton/deployment/state";
import { canaryPlan, directPlan } from "@caxton/deployment/strategy";
import { expect, it } from "vitest";
import { historyText } from "./history-text.ts";
import { type DeploymentStory, tell } from "./story.ts";

type Told = readonly [atMs: number, command: Request | Report];

/** What the domain makes of these commands, each at its time and by Ada. */
function eventsOf(told: readonly Told[]): readonly DeploymentEvent[] {
  let state = initialState;
  return told.flatMap(([atMs, asked], index) => {
    const decision = decide({ ...asked, commandId: String(index), actor: "ada" }, state, { maxQueued: 2 }, atMs);
    if (!decision.ok) throw new Error(decision.refusal.message);
    state = decision.events.reduce(evolve, state);
    return decision.events;
  });
}

function storyOf(told: readonly Told[], deployment = "second"): DeploymentStory {
  const own = eventsOf(told).filter((event) => event.deployment === deployment);
  return own.reduce<DeploymentStory>((story, event) => tell(story, event), { steps: {} });
}

const request = (deployment: string) => ({
  type: "deploy" as const,
  deployment,
  agent: "proc",
  artifact: { digest: "a".repeat(64), sizeBytes: 1 },
  configuration: "{}",
  limits: defaultLimits,
  fingerprint: deployment.padEnd(64, "0"),
  instances: 1,
  concurrency: 1,
});
const applied = (revision: number): Report => ({ type: "route-applied", revision, routers: 2, appliedMs: 3 });
const started = (deployment: string, atMs: number): readonly Told[] => [
  [atMs + 10, { type: "validation-passed", deployment, shortName: "proc", report: {} }],
  [atMs + 20, { type: "version-ready", deployment, startMs: 5 }],
];
const first: readonly Told[] = [
  [0, { ...request("first"), strategy: "direct", plan: directPlan() }],
  ...started("first", 0),
  [30, applied(1)],
];
const steps = [
  { kind: "shift", share: 0.05, watchMs: 1_000 },
  { kind: "approve" },
  { kind: "shift", share: 1 },
] as const;
/** Its first share is followed by every router at 1,024. */
const watched: readonly Told[] = [
  ...first,
  [1_000, { ...request("second"), strategy: "canary", plan: canaryPlan(steps), judging: defaultJudging }],
  ...started("second", 1_000),
  [1_024, applied(2)],
];
const looked = (outcome: Verdict["outcome"]): Verdict => ({
  outcome,
  findings: [{ metric: "error_rate", rule: "error_rate > 1%", outcome, samples: 300, observed: 0.5, windowMs: 900 }],
  asOfMs: 2_000,
});
const sees = (outcome: Verdict["outcome"], breachedAtMs?: number): Report => ({
  type: "verdict",
  deployment: "second",
  step: 2,
  verdict: looked(outcome),
  ...(breachedAtMs === undefined ? {} : { breachedAtMs }),
});

it("tells each step with its times, its route and what was decided on what", () => {
  const said = { deployment: "second", reason: "asked the team" };
  const story = storyOf([
    ...watched,
    [2_030, sees("pass")],
    [5_000, { type: "approve", ...said }],
    [5_007, applied(3)],
  ]);
  expect(story).toEqual({
    steps: {
      0: { startedAtMs: 1_000, endedAtMs: 1_010, decisions: [] },
      1: { startedAtMs: 1_010, endedAtMs: 1_020, decisions: [] },
      2: {
        startedAtMs: 1_020,
        endedAtMs: 2_030,
        routeRevision: 2,
        appliedAtMs: 1_024,
        verdict: looked("pass"),
        decisions: [{ atMs: 2_030, decision: "promoted", verdict: looked("pass") }],
      },
      3: {
        startedAtMs: 2_030,
        endedAtMs: 5_000,
        decisions: [
          { atMs: 2_030, decision: "approval-awaited" },
          { atMs: 5_000, decision: "approved", by: "ada", reason: "asked the team" },
        ],
      },
      4: { startedAtMs: 5_000, endedAtMs: 5_007, routeRevision: 3, appliedAtMs: 5_007, decisions: [] },
    },
  });
});

it("tells a pause, and a step that was held beyond its time", () => {
  const said = { deployment: "second", reason: "a ticket" };
  const { steps: told } = storyOf([
    ...watched,
    [1_100, { type: "pause", ...said }],
    [1_200, { type: "resume", ...said }],
    [2_200, sees("inconclusive")],
    [2_300, { type: "promote", full: true, ...said }],
  ]);
  expect(told[2]?.decisions.map(({ atMs, decision, by }) => [atMs, decision, by])).toEqual([
    [1_100, "paused", "ada"],
    [1_200, "resumed", "ada"],
    [2_200, "held", undefined],
    [2_300, "promoted-fully", "ada"],
  ]);
  expect(Object.keys(told)).toEqual(["0", "1", "2", "4"]);
});

it("tells a rollback: since when, safe, diverted, drained and over", () => {
  const { rollback, steps: told } = storyOf([
    ...watched,
    [1_500, sees("fail", 1_480)],
    [1_505, { type: "version-closed", deployment: "second", revision: 3 }],
    [1_509, applied(3)],
    [1_700, { type: "version-drained", deployment: "second", forced: true }],
    [1_750, { type: "version-stopped", deployment: "second" }],
  ]);
  expect(rollback).toEqual({
    sinceMs: 1_480,
    by: "ada",
    reason: "error_rate > 1%: observed 50%, 300 samples in 0.9s",
    cause: "high_error_rate",
    routeRevision: 3,
    restores: "proc-v1-first",
    safeAtMs: 1_505,
    divertedAtMs: 1_509,
    routers: 2,
    appliedMs: 3,
    drainStartedAtMs: 1_509,
    drainedAtMs: 1_700,
    drainForced: true,
    endedAtMs: 1_750,
  });
  expect(told[2]).toMatchObject({ endedAtMs: 1_500, decisions: [{ decision: "rolled-back" }] });
});

it("says every event that somebody asks about in a few words", () => {
  const said = { deployment: "second", reason: "asked the team" };
  const events = eventsOf([
    ...watched,
    [2_030, sees("pass")],
    [5_000, { type: "approve", ...said }],
    [5_007, applied(3)],
    [6_000, { type: "rollback", ...said }],
  ]);
  const texts = events.filter((event) => event.atMs > 1_000).flatMap((event) => historyText(event) ?? []);
  expect(texts).toEqual([
    "validation passed",
    "route revision 2: proc-v2-secon 5%, proc-v1-first 95%",
    "passed: error_rate > 1%: observed 50%, 300 samples in 0.9s",
    "step 4 waits for an approval",
    "step 4 approved",
    "route revision 3: proc-v2-secon 100%",
    "runs",
    "replaced, kept warm until 1970-01-01T00:05:05.007Z",
    "taken back: manual",
    "route revision 4: proc-v1-first 100%",
  ]);
});

it("says what was given back, and where", () => {
  const about = { deployment: "second", digest: "cfa61c586566".padEnd(64, "0"), atMs: 0, commandId: "c" };
  expect(historyText({ type: "ArtifactRemoved", ...about, sizeBytes: 1_600_840 })).toBe(
    "artifact cfa61c586566 removed: 1.5 MiB given back",
  );
  expect(historyText({ type: "PreparedCodeRemoved", ...about, sizeBytes: 900, place: "host-1" })).toBe(
    "what host-1 had prepared of cfa61c586566 removed: 0.9 KiB given back",
  );
});
