import type { Report, Request } from "../command.ts";
import type { Fact } from "../event.ts";
import type { Target } from "../route.ts";
import type { DeploymentRequest, Failure } from "../state.ts";
import { defaultJudging, type Verdict, verdictOf } from "../judging.ts";
import { canaryPlan, directPlan } from "../strategy.ts";
import { versionId } from "../version-id.ts";

/** The deployments that the stories are about: each brings another artifact. */
export type Name = "first" | "second" | "third" | "fourth";

const fingerprints: Readonly<Record<Name, string>> = {
  first: "1f1f1".padEnd(64, "0"),
  second: "2e2e2".padEnd(64, "0"),
  third: "3d3d3".padEnd(64, "0"),
  fourth: "4c4c4".padEnd(64, "0"),
};

export const report = { passed: true };
export const failure: Failure = { stage: "contracts", code: "example-failed", reason: "handle() threw on example 2" };

export function request(name: Name, changes: Partial<DeploymentRequest> = {}): DeploymentRequest {
  return {
    deployment: name,
    agent: "processor",
    artifact: { digest: fingerprints[name], sizeBytes: 1_600_000 },
    configuration: "{}",
    limits: { memoryMaxBytes: 1e8, messageTimeoutMs: 1_000, startTimeoutMs: 5_000, outputMaxBytes: 1e5, p99MaxMs: 100 },
    fingerprint: fingerprints[name],
    instances: 1,
    concurrency: 1,
    strategy: "direct",
    plan: directPlan(),
    ...changes,
  };
}

export function deploy(name: Name, changes: Partial<DeploymentRequest> = {}): Request {
  return { type: "deploy", ...request(name, changes) };
}
export const abort = (deployment: string): Request => ({ type: "abort", deployment, reason: "wrong build" });
export const rollback = (deployment: string): Request => ({ type: "rollback", deployment, reason: "wrong build" });

export const passed = (deployment: Name): Report => ({
  type: "validation-passed",
  deployment,
  shortName: "proc",
  report,
});
export const ready = (deployment: Name): Report => ({ type: "version-ready", deployment, startMs: 40 });
export const applied = (revision: number): Report => ({ type: "route-applied", revision, routers: 2, appliedMs: 7 });
export const drained = (deployment: Name): Report => ({ type: "version-drained", deployment, forced: false });
export const stopped = (deployment: Name): Report => ({ type: "version-stopped", deployment });

/** The version that deployment `name` brings when it is the agent's nth. */
export const version = (name: Name, n: number): string => versionId("proc", n, fingerprints[name]);

export const wasAsked = (name: Name, changes: Partial<DeploymentRequest> = {}): Fact => ({
  type: "DeploymentRequested",
  actor: "alice",
  ...request(name, changes),
});
export const wasStarted = (deployment: Name, replaces?: Name): Fact => ({
  type: "DeploymentStarted",
  deployment,
  ...(replaces === undefined ? {} : { replaces }),
});
export const wasPassed = (deployment: Name, ordinal: number): Fact => ({
  type: "ValidationPassed",
  deployment,
  version: version(deployment, ordinal),
  ordinal,
  report,
});
export const wasReady = (deployment: Name, n: number): Fact => ({
  type: "VersionReady",
  deployment,
  version: version(deployment, n),
  startMs: 40,
});
/** Step 2 is the direct plan's shift, step 3 its end, which is also where a route that takes a version back belongs. */
export const wasRouted = (
  deployment: Name,
  step: number,
  revision: number,
  to: string | undefined,
  ...closed: readonly string[]
): Fact => ({
  type: "RouteChanged",
  deployment,
  step,
  revision,
  targets: to === undefined ? [] : [{ version: to, share: 1 } satisfies Target],
  closed: closed.map((left) => ({ version: left, revision })),
});
export const wasApplied = (deployment: Name, revision: number): Fact => ({
  type: "RouteApplied",
  deployment,
  revision,
  routers: 2,
  appliedMs: 7,
});
export const wasCompleted = (deployment: Name): Fact => ({ type: "DeploymentCompleted", deployment });
/** `sinceMs` is when the stories decide unless they say otherwise. */
export const wasTakenBack = (deployment: Name, sinceMs = 1_000): Fact => ({
  type: "RollbackStarted",
  deployment,
  reason: "wrong build",
  actor: "alice",
  cause: "manual",
  sinceMs,
});
export const isDraining = (
  deployment: Name,
  n: number,
  revision: number,
  deadlineAtMs: number,
  ending: "Retired" | "RolledBack",
): Fact => ({ type: "DrainStarted", deployment, version: version(deployment, n), revision, deadlineAtMs, ending });
export const wasDrained = (deployment: Name, n: number): Fact => ({
  type: "VersionDrained",
  deployment,
  version: version(deployment, n),
  forced: false,
});
export const wasStopped = (deployment: Name, n: number): Fact => ({
  type: "VersionStopped",
  deployment,
  version: version(deployment, n),
});
export const wasRetired = (deployment: Name): Fact => ({ type: "DeploymentRetired", deployment });
export const wasRolledBack = (deployment: Name): Fact => ({
  type: "DeploymentRolledBack",
  deployment,
  reason: "wrong build",
});

/** Histories to begin a story with. The first deployment brings version 1, the second version 2. */
export const firstValidates: readonly Fact[] = [wasAsked("first"), wasStarted("first")];
export const firstStarts: readonly Fact[] = [...firstValidates, wasPassed("first", 1)];
export const firstShifts: readonly Fact[] = [
  ...firstStarts,
  wasReady("first", 1),
  wasRouted("first", 2, 1, version("first", 1)),
];
export const firstRuns: readonly Fact[] = [...firstShifts, wasApplied("first", 1), wasCompleted("first")];
export const secondValidates: readonly Fact[] = [...firstRuns, wasAsked("second"), wasStarted("second", "first")];
export const secondStarts: readonly Fact[] = [...secondValidates, wasPassed("second", 2)];
export const secondShifts: readonly Fact[] = [
  ...secondStarts,
  wasReady("second", 2),
  wasRouted("second", 2, 2, version("second", 2), version("first", 1)),
];
export const secondRuns: readonly Fact[] = [
  ...secondShifts,
  wasApplied("second", 2),
  wasCompleted("second"),
  isDraining("first", 1, 2, 30_000, "Retired"),
];

/** What a canary of the ADR is asked for with: 5 %, 25 %, 50 %, each watched, then all. */
export const canary = { strategy: "canary", plan: canaryPlan(), judging: defaultJudging } as const;

export function looked(outcome: Verdict["outcome"]): Verdict {
  return verdictOf([{ metric: "error_rate", rule: "error_rate > 1%", outcome, samples: 200, windowMs: 60_000 }], 0);
}
export const sees = (outcome: Verdict["outcome"], step = 2): Report => ({
  type: "verdict",
  deployment: "second",
  step,
  verdict: looked(outcome),
});
export const wasSeen = (
  outcome: Verdict["outcome"],
  decision: "promote" | "rollback" | "hold" | "none",
  step = 2,
): Fact => ({ type: "VerdictReached", deployment: "second", step, verdict: looked(outcome), decision });
/** A share of the canary `second` beside `first`; nobody closed. */
export const wasShared = (step: number, revision: number, share: number): Fact => ({
  type: "RouteChanged",
  deployment: "second",
  step,
  revision,
  targets: [
    { version: version("second", 2), share },
    { version: version("first", 1), share: 1 - share },
  ],
  closed: [],
});
export const awaitsApproval = (deployment: Name, step: number): Fact => ({ type: "ApprovalAwaited", deployment, step });
export const wasClosed = (deployment: Name, n: number, revision: number): Fact => ({
  type: "VersionClosed",
  deployment,
  version: version(deployment, n),
  revision,
});
export const isWarm = (deployment: Name, n: number, by: Name, untilMs: number): Fact => ({
  type: "CleanupStarted",
  deployment,
  version: version(deployment, n),
  by,
  untilMs,
});

export const canaryStarts: readonly Fact[] = [
  ...firstRuns,
  wasAsked("second", canary),
  wasStarted("second", "first"),
  wasPassed("second", 2),
];
export const canaryShifts: readonly Fact[] = [...canaryStarts, wasReady("second", 2), wasShared(2, 2, 0.05)];
export const canaryWatched: readonly Fact[] = [...canaryShifts, wasApplied("second", 2)];
/** The last share is the plan's step 5, all messages; its end is step 6. */
export const canaryRuns: readonly Fact[] = [
  ...canaryWatched,
  wasRouted("second", 5, 3, version("second", 2), version("first", 1)),
  wasApplied("second", 3),
  wasCompleted("second"),
  isWarm("first", 1, "second", 300_000),
];
