import type { DeploymentEvent } from "@caxton/deployment/event";
import { verdictText } from "@caxton/deployment/judging-text";
import { summaryText } from "@caxton/deployment/shadow/ending";
import { waitText } from "@caxton/deployment/waiting";
import type { Target } from "@caxton/deployment/route";

/** An event in a few words; undefined for one that only says that what was decided was carried out. */
export function historyText(event: DeploymentEvent): string | undefined {
  switch (event.type) {
    case "DeploymentRequested":
      return `asked for, ${event.strategy}`;
    case "DeploymentStarted":
      return undefined;
    case "ValidationPassed":
      return "validation passed";
    case "ValidationFailed":
    case "DeploymentFailed":
      return `failed at ${event.failure.stage}: ${event.failure.code}`;
    case "VersionWarmedUp":
      return `warmed up: ${event.warmUp.ended} after ${event.warmUp.answers} answers`;
    case "RouteChanged":
      return `route revision ${event.revision}: ${targetsText(event.targets)}`;
    case "DeploymentCompleted":
      return "runs";
    case "VerdictReached":
      return event.decision === "none"
        ? undefined
        : `${verdictWords[event.decision]}: ${verdictText(event.verdict) || event.verdict.outcome}`;
    case "QueueReordered":
      return `moved from place ${event.from} to place ${event.to} in line`;
    case "DeploymentWaits":
      return `waits: ${waitText(event)}`;
    case "AgentHeld":
      return "held: nothing is taken out of the inbox";
    case "AgentReleased":
      return "released: messages are taken again";
    case "UndeployStarted":
      return `undeployed, its inbox: ${event.inbox}`;
    case "InboxClosed":
      return "its inbox takes nothing more";
    case "InboxEmptied":
      return "everything in its inbox is decided";
    case "AgentUndeployed":
      return "undeployed";
    case "RolloutFrozen":
      return `frozen at step ${event.step + 1}`;
    case "ExperimentConcluded":
      return `the time is over: ${event.report.recommendation}, ${event.report.reason}`;
    case "ApprovalAwaited":
      return `step ${event.step + 1} waits for an approval`;
    case "StepApproved":
      return `step ${event.step + 1} approved`;
    case "RolloutPaused":
      return `paused at step ${event.step + 1}`;
    case "RolloutResumed":
      return `resumed at step ${event.step + 1}`;
    case "CanaryPromoted":
      return event.full ? "promoted to all messages" : `promoted from step ${event.step + 1}`;
    case "ShadowEnded":
      return event.summary === undefined
        ? `shadow ended: ${event.cause}`
        : `shadow ended: ${event.cause}; ${summaryText(event.summary)}`;
    case "RollbackStarted":
      return `taken back: ${event.cause}`;
    case "CleanupStarted":
      return `replaced, kept warm until ${new Date(event.untilMs).toISOString()}`;
    case "VersionDrained":
      return event.forced ? "drained by force: what was left was redelivered" : undefined;
    case "ArtifactRemoved":
      return `artifact ${event.digest.slice(0, 12)} removed: ${sizeText(event.sizeBytes)} given back`;
    case "PreparedCodeRemoved":
      return `what ${event.place} had prepared of ${event.digest.slice(0, 12)} removed: ${sizeText(event.sizeBytes)} given back`;
    case "DeploymentRetired":
      return "retired";
    case "DeploymentRolledBack":
      return event.cause ?? "rolled back";
    case "RedriveStarted":
      return `redrive ${event.number} begun: ${event.failedOnly ? "what it failed" : "what it handled or failed"}${event.limit === undefined ? "" : `, ${event.limit} at most`}`;
    case "RedriveStopped":
      return `redrive ${event.number} stopped`;
    case "RedriveFinished":
      return `redrive ${event.number} finished: ${event.tally.redriven} sent again`;
    default:
      return undefined;
  }
}

const verdictWords = { promote: "passed", rollback: "failed", hold: "held without a verdict" } as const;

export function targetsText(targets: readonly Target[]): string {
  if (targets.length === 0) return "nowhere";
  return targets.map(({ version, share }) => `${version} ${Number((share * 100).toPrecision(3))}%`).join(", ");
}

function sizeText(bytes: number): string {
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
