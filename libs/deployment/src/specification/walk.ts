import type { Command, Decision, Policy, Report, Request } from "../command.ts";
import { decide } from "../decide.ts";
import type { DeploymentEvent } from "../event.ts";
import { evolve } from "../evolve.ts";
import type { ExperimentTally, Measure } from "../experiment.ts";
import { type Effect, next } from "../next.ts";
import {
  type AgentState,
  type Deployment,
  type DeploymentRequest,
  deploymentOf,
  inboxEnds,
  initialState,
  stepOf,
} from "../state.ts";
import { defaultJudging, type Judging, type Verdict, verdictOf } from "../judging.ts";
import { defaultShadow } from "../shadow/settings.ts";
import { abPlan, blueGreenPlan, directPlan, shadowPlan, type Step } from "../strategy.ts";
import type { WarmUp } from "../warm-up.ts";

/** One command of a walk, with what was known before it and what it led to. */
export interface Stride {
  readonly command: Command;
  readonly nowMs: number;
  readonly before: AgentState;
  readonly decision: Decision;
  readonly after: AgentState;
}

export interface Walk {
  readonly strides: readonly Stride[];
  readonly state: AgentState;
  readonly events: readonly DeploymentEvent[];
}

const relaxed: Policy = { maxQueued: 3 };
const freezeEveryMs = 90_000;
const freezeForMs = 20_000;

/** Every now and then there is a freeze. */
export function policyAt(nowMs: number): Policy {
  const sinceMs = Math.trunc(nowMs / freezeEveryMs) * freezeEveryMs + freezeEveryMs - freezeForMs;
  if (nowMs < sinceMs) return relaxed;
  return { ...relaxed, freezes: [{ reason: "audit", actor: "bob", sinceMs, untilMs: sinceMs + freezeForMs }] };
}

const steppedPlan: readonly Step[] = [
  { kind: "validate", timeoutMs: 30_000 },
  { kind: "start", timeoutMs: 10_000 },
  { kind: "shift", share: 0.05, watchMs: 5_000 },
  { kind: "shift", share: 0.25 },
  { kind: "approve" },
  { kind: "shift", share: 0.5, watchMs: 3_000 },
  { kind: "shift", share: 1 },
  { kind: "finalize", drainMaxMs: 5_000, cleanupMs: 20_000 },
];
const hasty: Judging = { ...defaultJudging, onInconclusive: "rollback", maxHoldMs: 2_000 };
const blueGreenTimes = { validateMs: 30_000, warmUpMs: 8_000, cleanupMs: 20_000 };

const abTimes = { validateMs: 30_000, durationMs: 4_000, cleanupMs: 20_000 };
const alerts: Measure = { kind: "rate", output: "alert", better: "lower" };
const arm = { messages: 40, samples: 40, mean: 0.5, squares: 10 };
const someExperiment: ExperimentTally = { stable: arm, candidate: arm, leftOut: 1 };

type Way = Pick<DeploymentRequest, "strategy" | "plan" | "judging" | "experiment" | "shadow">;
const directly: Way = { strategy: "direct", plan: directPlan() };
const ways: readonly Way[] = [
  directly,
  { strategy: "canary", plan: steppedPlan, judging: defaultJudging },
  { strategy: "blue-green", plan: blueGreenPlan(blueGreenTimes) },
  { strategy: "canary", plan: steppedPlan, judging: hasty },
  { strategy: "shadow", plan: shadowPlan(10_000), shadow: defaultShadow },
  { strategy: "ab", plan: abPlan(0.5, abTimes), judging: hasty, experiment: { measure: alerts } },
];

/**
 * An agent's life out of arbitrary numbers: people who ask, repeat themselves and change their minds, effects that succeed,
 * fail and run out of time, reports that come late and twice. Each number is one stride; the same numbers are the same life.
 */
export function walk(choices: readonly number[], from: Walk = { strides: [], state: initialState, events: [] }): Walk {
  return choices.reduce((soFar, choice) => {
    const command = commandOf(choice, soFar);
    return command === undefined
      ? soFar
      : stride(soFar, command, (soFar.strides.at(-1)?.nowMs ?? 0) + (choice % 7_919));
  }, from);
}

/** Goes on from there with nothing but good news until nothing is left to do; throws where that does not end. */
export function settle(from: Walk): Walk {
  let current = from;
  for (let left = 1_000; left > 0; left -= 1) {
    const nowMs = current.strides.at(-1)?.nowMs ?? 0;
    const waits = Object.values(current.state.deployments).find(isWaitingForAPerson);
    const byItself = waits === undefined ? next(current.state).map(goodNews).find(isNews) : letGo(waits);
    const command: Request | Report | undefined =
      current.state.hold === undefined ? byItself : { type: "release", reason: "go on" };
    if (command === undefined) return current;
    const dueMs = Math.max(nowMs, ...next(current.state).map(dueAtMs));
    current = stride(current, sent(command, current), dueMs, relaxed);
  }
  throw new Error(
    `still under way: ${next(current.state)
      .map((effect) => effect.key)
      .join(", ")}`,
  );
}

function stride(soFar: Walk, command: Command, nowMs: number, policy = policyAt(nowMs)): Walk {
  const before = soFar.state;
  const decision = decide(command, before, policy, nowMs);
  const events = decision.ok ? decision.events : [];
  const after = events.reduce(evolve, before);
  return {
    strides: [...soFar.strides, { command, nowMs, before, decision, after }],
    state: after,
    events: [...soFar.events, ...events],
  };
}

function commandOf(choice: number, soFar: Walk): Command | undefined {
  const { state, strides } = soFar;
  const pick = Math.trunc(choice / 24);
  const known = Object.values(state.deployments);
  const deployment = oneOf(known, pick);
  const rollout = deploymentOf(state, state.rollout);
  const effect = oneOf(next(state), pick);
  const earlier = oneOf(strides, pick)?.command;
  switch (choice % 24) {
    case 0:
    case 1:
      return sent({ type: "deploy", ...newRequest(known.length, pick) }, soFar);
    case 2:
      return deployment && sent({ type: "deploy", ...newRequest(known.indexOf(deployment), pick) }, soFar);
    case 3:
      return deployment && sent({ type: "abort", deployment: deployment.deployment, reason: "changed my mind" }, soFar);
    case 4:
      return deployment && sent({ type: "rollback", deployment: deployment.deployment, reason: "it is bad" }, soFar);
    case 5:
      return earlier;
    case 6:
      return earlier && { ...earlier, commandId: `command ${strides.length}` };
    case 7:
      return effect && withSender(badNews(effect), soFar);
    case 8:
      return withSender(
        next(state)
          .map(timeout)
          .find((report) => report !== undefined),
        soFar,
      );
    case 9:
      return deployment && sent(byHand(deployment, pick), soFar);
    case 11:
      return (
        deployment &&
        sent(
          redriveOf(
            oneOf(
              known.filter(({ state: is }) => is === "RolledBack"),
              pick,
            ) ?? deployment,
            pick,
          ),
          soFar,
        )
      );
    case 10:
    case 14:
    case 15:
    case 16:
      return rollout && sent(isWaitingForAPerson(rollout) ? letGo(rollout) : byHand(rollout, pick), soFar);
    case 20:
      return deployment && sent(aboutWaiting(deployment, pick, state), soFar);
    case 21:
      return deployment && sent(removalOf(deployment, pick), soFar);
    case 13:
      return rollout && sent(ofALine(rollout, pick), soFar);
    case 12:
      return state.agent === undefined ? undefined : sent(aboutAgent(pick), soFar);
    default:
      return effect && withSender(goodNews(effect), soFar);
  }
}

function removalOf({ artifact: { digest } }: Deployment, pick: number): Report {
  return pick % 2 === 0
    ? { type: "artifact-removed", digest, sizeBytes: 1_000 }
    : { type: "code-removed", digest, sizeBytes: 5_000, place: `host ${pick % 3}` };
}

function ofALine({ deployment, step }: Deployment, pick: number): Report {
  if (pick % 2 === 0) return { type: "turn-came", deployment, step };
  return { type: "busy", deployment, step, place: 1 + (pick % 3), waiting: 3, reason: "full" };
}

function aboutAgent(pick: number): Request {
  const reason = "the customer is gone";
  const type = oneOf(["hold", "release", "undeploy", "undeploy"] as const, pick) ?? "hold";
  if (type !== "undeploy") return { type, reason };
  return { type, reason, inbox: oneOf(inboxEnds, Math.trunc(pick / 4)) ?? "keep" };
}

function aboutWaiting({ deployment }: Deployment, pick: number, { queueRevision }: AgentState): Request {
  const said = { deployment, reason: "more urgent" };
  if (pick % 4 === 0) return { ...said, type: "cancel" };
  const seen = pick % 3 === 0 ? { queueRevision: queueRevision - (pick % 2) } : {};
  return { ...said, type: "move", place: 1 + (pick % 3), ...seen };
}

function newRequest(index: number, pick: number): DeploymentRequest {
  const artifact = { digest: (pick % 4).toString(16).repeat(64), sizeBytes: 1_000 + pick };
  return {
    deployment: `deployment ${index}`,
    agent: "processor",
    artifact,
    configuration: "{}",
    limits: { memoryMaxBytes: 1e8, messageTimeoutMs: 1_000, startTimeoutMs: 5_000, outputMaxBytes: 1e5, p99MaxMs: 100 },
    fingerprint: artifact.digest,
    instances: 1 + (pick % 3),
    concurrency: 1 + (pick % 2),
    ...(oneOf(ways, pick) ?? directly),
    ...(pick % 5 === 0 ? { allowBreaking: "agreed with all who send" } : {}),
    ...(pick % 7 === 0 ? { onConflict: pick % 2 === 0 ? "supersede" : "reject" } : {}),
    ...(pick % 11 === 0 ? { overrideFreeze: "it mends an outage" } : {}),
  };
}

function goodNews(effect: Effect): Report | undefined {
  switch (effect.kind) {
    case "validate":
      return { type: "validation-passed", deployment: effect.deployment, shortName: "proc", report: { passed: true } };
    case "start":
      return { type: "version-ready", deployment: effect.deployment, startMs: 31.5 };
    case "route":
      return { type: "route-applied", revision: effect.revision, routers: 2, appliedMs: 4 };
    case "drain":
      return { type: "version-drained", deployment: effect.deployment, forced: false };
    case "stop":
      return { type: "version-stopped", deployment: effect.deployment };
    case "close":
      return { type: "version-closed", deployment: effect.deployment, revision: effect.revision };
    case "watch":
      return {
        type: "verdict",
        deployment: effect.deployment,
        step: effect.step,
        verdict: looked("pass"),
        experiment: someExperiment,
      };
    case "shadow":
      return { type: "shadow-over", deployment: effect.deployment, cause: "over", reason: "its time is over" };
    case "cleanup":
      return { type: "cleanup-over", deployment: effect.deployment };
    case "close-inbox":
      return { type: "inbox-closed", deployment: effect.deployment };
    case "empty-inbox":
      return { type: "inbox-emptied", deployment: effect.deployment };
    case "way":
      return { type: "way-free", deployment: effect.deployment };
    case "warm-up":
      return { type: "warmed-up", deployment: effect.deployment, step: effect.step, warmUp: warmUp("steady", 0) };
    case "redrive":
      return { type: "redrive-finished", deployment: effect.deployment, number: effect.number, tally: someTally };
    case "guard":
    case "expire":
      return undefined;
  }
}

function warmUp(ended: WarmUp["ended"], regressed: number): WarmUp {
  return {
    source: "history",
    messages: 100,
    answers: 400,
    failed: regressed,
    regressed,
    crashes: 0,
    ended,
    tookMs: 900,
  };
}

function looked(outcome: Verdict["outcome"]): Verdict {
  return verdictOf([{ metric: "error_rate", rule: "error_rate > 1%", outcome, samples: 200, windowMs: 1_000 }], 0);
}

function byHand({ deployment, step }: Deployment, pick: number): Request {
  const said = { deployment, reason: "looks good", ...(pick % 3 === 0 ? { step: step + (pick % 2) } : {}) };
  const types = ["promote", "approve", "pause", "resume"] as const;
  const type = oneOf(types, pick) ?? "promote";
  const asked = { ...said, ...(pick % 5 === 0 ? { overrideFreeze: "it mends an outage" } : {}) };
  return type === "promote" ? { ...asked, type, full: pick % 8 === 4 } : { ...asked, type };
}

const someTally = { redriven: 3, already: 0, gone: 1, unknown: 0, unfit: 0 };

function redriveOf(deployment: Deployment | undefined, pick: number): Request {
  const scope = { failedOnly: pick % 3 === 0, ...(pick % 2 === 0 ? {} : { limit: 10 }) };
  const stop = deployment?.redrive?.state === "going" && pick % 4 < 2;
  return { type: "redrive", deployment: deployment?.deployment ?? "", reason: "it was wrong", stop, ...scope };
}

function isWaitingForAPerson(deployment: Deployment): boolean {
  return (
    deployment.state === "Deploying" && (stepOf(deployment)?.kind === "approve" || deployment.pausedAtMs !== undefined)
  );
}

function letGo({ deployment, pausedAtMs }: Deployment): Request {
  return { type: pausedAtMs === undefined ? "approve" : "resume", deployment, reason: "go on" };
}

function isNews(report: Report | undefined): report is Report {
  return report !== undefined;
}

/** When something that only time brings is due. */
function dueAtMs(effect: Effect): number {
  if (effect.kind === "watch" || effect.kind === "shadow") return effect.endsAtMs;
  return effect.kind === "cleanup" ? effect.atMs : 0;
}

function badNews(effect: Effect): Report | undefined {
  const failure = { stage: effect.kind, code: "version-failed", reason: "it broke" };
  switch (effect.kind) {
    case "validate":
      return { type: "validation-failed", deployment: effect.deployment, failure, report: undefined };
    case "start":
      return { type: "version-failed", deployment: effect.deployment, failure };
    case "drain":
      return { type: "version-drained", deployment: effect.deployment, forced: true };
    case "watch":
      return {
        type: "verdict",
        deployment: effect.deployment,
        step: effect.step,
        verdict: looked(effect.endsAtMs % 2 === 0 ? "fail" : "inconclusive"),
        breachedAtMs: 7,
      };
    case "warm-up":
      return { type: "warmed-up", deployment: effect.deployment, step: effect.step, warmUp: warmUp("failing", 50) };
    case "guard":
      return { type: "version-lost", deployment: effect.deployment, sinceMs: 7, reason: "nobody was there" };
    default:
      return goodNews(effect);
  }
}

function timeout(effect: Effect): Report | undefined {
  return effect.kind === "expire"
    ? { type: "step-expired", deployment: effect.deployment, step: effect.step }
    : undefined;
}

function sent(asked: Request | Report, soFar: Walk): Command {
  return { ...asked, commandId: `command ${soFar.strides.length}`, actor: "alice" };
}

function withSender(report: Report | undefined, soFar: Walk): Command | undefined {
  return report && sent(report, soFar);
}

function oneOf<Item>(items: readonly Item[], pick: number): Item | undefined {
  return items[pick % Math.max(1, items.length)];
}
