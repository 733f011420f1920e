import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type {
  JudgingSchema,
  RollbackStorySchema,
  StepProgressSchema,
  StepStorySchema,
  VerdictSchema,
} from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import type { WatchedStep } from "@caxton/contracts/watched-step";
import type { Judging, Verdict } from "@caxton/deployment/judging";
import { ruleText } from "@caxton/deployment/judging-text";
import type { Deployment } from "@caxton/deployment/state";
import type { Step } from "@caxton/deployment/strategy";
import type { DeploymentStory, RollbackStory, StepDecision, StepStory } from "./core/story.ts";

type StepMessage = MessageInitShape<typeof StepStorySchema>;

export function stepMessages(deployment: Deployment, steps: DeploymentStory["steps"]): StepMessage[] {
  return deployment.plan.map((step, index): StepMessage => {
    const story = steps[index] ?? (step.kind === "finalize" ? finalized(deployment) : undefined);
    const planned = { number: index + 1, kind: step.kind, ...ofKind(step) };
    if (story === undefined) return planned;
    const { startedAtMs, endedAtMs, routeRevision, appliedAtMs, verdict, decisions, warmUp } = story;
    return {
      ...planned,
      startedAt: timestampFromMs(startedAtMs),
      ...(endedAtMs === undefined ? {} : { endedAt: timestampFromMs(endedAtMs) }),
      ...(routeRevision === undefined ? {} : { routeRevision }),
      ...(appliedAtMs === undefined ? {} : { appliedMs: appliedAtMs - startedAtMs }),
      ...(verdict === undefined ? {} : { verdict: verdictMessage(verdict) }),
      ...(warmUp === undefined ? {} : { warmUp }),
      decisions: decisions.map(decisionMessage),
    };
  });
}

/** The last step is no time but the moment in which the version runs. */
function finalized({ runningAtMs, shadowEnd, drainedAtMs, endedAtMs }: Deployment): StepStory | undefined {
  if (shadowEnd !== undefined && drainedAtMs !== undefined)
    return { startedAtMs: drainedAtMs, ...(endedAtMs === undefined ? {} : { endedAtMs }), decisions: [] };
  return runningAtMs === undefined ? undefined : { startedAtMs: runningAtMs, endedAtMs: runningAtMs, decisions: [] };
}

function ofKind(step: Step): Pick<StepMessage, "share" | "watchMs" | "cleanupMs" | "timeoutMs" | "backAfterMs"> {
  switch (step.kind) {
    case "shift":
      return { share: step.share, ...(step.watchMs === undefined ? {} : { watchMs: step.watchMs }) };
    case "shadow":
      return { watchMs: step.durationMs };
    case "finalize":
      return {
        ...(step.cleanupMs === undefined ? {} : { cleanupMs: step.cleanupMs }),
        ...(step.backAfterMs === undefined ? {} : { backAfterMs: step.backAfterMs }),
      };
    case "approve":
      return {};
    default:
      return { timeoutMs: step.timeoutMs };
  }
}

function decisionMessage({ atMs, decision, verdict, by, reason }: StepDecision) {
  return {
    at: timestampFromMs(atMs),
    decision,
    by: by ?? "",
    reason: reason ?? "",
    ...(verdict === undefined ? {} : { verdict: verdictMessage(verdict) }),
  };
}

export function verdictMessage({ outcome, findings, asOfMs }: Verdict): MessageInitShape<typeof VerdictSchema> {
  return { outcome, findings: findings.map((finding) => ({ ...finding })), asOf: timestampFromMs(asOfMs) };
}

export function progressMessage({ step, verdict, counts }: WatchedStep): MessageInitShape<typeof StepProgressSchema> {
  return { step: step + 1, verdict: verdictMessage(verdict), counts };
}

export function judgingMessage({
  rollbackOn,
  onInconclusive,
  maxHoldMs,
  onFailure,
}: Judging): MessageInitShape<typeof JudgingSchema> {
  return { rollbackOn: rollbackOn.map(ruleText), onInconclusive, maxHoldMs, onCanaryFailure: onFailure };
}

export function rollbackMessage(story: RollbackStory): MessageInitShape<typeof RollbackStorySchema> {
  const { sinceMs, by, reason, cause, restores, routeRevision, routers, appliedMs, drainForced } = story;
  const { divertedAtMs, safeAtMs, drainStartedAtMs, drainedAtMs, endedAtMs } = story;
  return {
    since: timestampFromMs(sinceMs),
    by,
    reason,
    cause,
    restores: restores ?? "",
    routeRevision: routeRevision ?? 0,
    routers: routers ?? 0,
    drainForced: drainForced === true,
    ...span("divertedMs", sinceMs, divertedAtMs),
    ...span("safeMs", sinceMs, safeAtMs),
    ...(appliedMs === undefined ? {} : { restoredMs: appliedMs }),
    ...span("drainMs", drainStartedAtMs, drainedAtMs),
    ...span("totalMs", sinceMs, endedAtMs),
  };
}

function span(
  name: "divertedMs" | "safeMs" | "drainMs" | "totalMs",
  fromMs: number | undefined,
  toMs: number | undefined,
) {
  return fromMs === undefined || toMs === undefined ? {} : { [name]: Math.max(0, toMs - fromMs) };
}
