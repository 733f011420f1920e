import { advance, firstShift, goToStep, startDrain } from "./advance.ts";
import type { Report, Sender } from "./command.ts";
import { inboxClosed, inboxEmptied, leftByAll } from "./decide-agent.ts";
import { shadowOver } from "./decide-shadow.ts";
import { decideVerdict } from "./decide-verdict.ts";
import type { Facts } from "./facts.ts";
import type { Fact } from "./event.ts";
import type { Freeze } from "./freeze.ts";
import { holdBack } from "./hold-back.ts";
import { type AgentState, type Deployment, deploymentOf, type Failure, guardedBy, stepOf, watchMsOf } from "./state.ts";
import { removed } from "./removal.ts";
import { rollback } from "./take-back.ts";
import { turnCame, waitOf, waitsNow } from "./waiting.ts";
import { versionId } from "./version-id.ts";
import { type WarmUp, warmUpFailure } from "./warm-up.ts";

/** Reports never fail: one that does not fit the state any more is old news and means nothing. */
export function decideReport(
  report: Report & Sender,
  state: AgentState,
  freeze: Freeze | undefined,
  now: number,
): Facts {
  const facts = factsOf(report, state, now);
  return { ok: true, facts: freeze === undefined ? facts : holdBack(facts, state, freeze) };
}

function factsOf(report: Report & Sender, state: AgentState, now: number): readonly Fact[] {
  const { actor } = report;
  if (report.type === "route-applied") return routeApplied(report, state, now);
  if (report.type === "artifact-removed" || report.type === "code-removed") return removed(report, state);
  const deployment = deploymentOf(state, report.deployment);
  if (deployment === undefined) return [];
  switch (report.type) {
    case "validation-passed":
      return deployment.state === "Validating" ? [validationPassed(deployment, report, state)] : [];
    case "validation-failed":
      return deployment.state === "Validating" ? [validationFailed(deployment, report)] : [];
    case "version-ready":
      return isStarting(deployment) ? versionReady(deployment, report.startMs, state, now) : [];
    case "version-failed":
      return isStarting(deployment) ? [deploymentFailed(deployment, report.failure)] : [];
    case "warmed-up":
      // While it is frozen its warm-up is over already.
      return report.step === deployment.step && deployment.frozen === undefined
        ? warmedUp(deployment, report.warmUp, state, now)
        : [];
    case "version-lost":
      return lost(deployment, report, state, now);
    case "version-drained":
      return drained(deployment, report.forced);
    case "version-stopped":
      return stopped(deployment, state);
    case "version-closed":
      return closed(deployment, report.revision);
    case "verdict":
      return decideVerdict(report, deployment, state, now, actor);
    case "shadow-over":
      return shadowOver(report, deployment, actor);
    case "cleanup-over":
      return cleanedUp(deployment, state, now);
    case "redrive-finished":
      return redriveFinished(deployment, report);
    case "busy":
      return waitsNow(deployment, report, now);
    case "turn-came":
      return turnCame(deployment, report);
    case "inbox-closed":
      return inboxClosed(state);
    case "inbox-emptied":
      return inboxEmptied(state, now);
    case "way-free":
      return goOn(deployment, state, now);
    case "step-expired":
      return report.step === deployment.step ? expired(deployment, now) : [];
  }
}

function isStarting(deployment: Deployment): boolean {
  return deployment.state === "Deploying" && stepOf(deployment)?.kind === "start";
}

function validationPassed(
  deployment: Deployment,
  report: Report & { type: "validation-passed" },
  state: AgentState,
): Fact {
  const ordinal = state.versions + 1;
  const version = versionId(report.shortName, ordinal, deployment.fingerprint);
  return {
    type: "ValidationPassed",
    deployment: deployment.deployment,
    version,
    ordinal,
    report: report.report ?? null,
  };
}

/** A report that is missing is stored as null: JSON has no undefined, and the event would not be readable any more. */
function validationFailed(
  { deployment }: Deployment,
  { failure, report }: Report & { type: "validation-failed" },
): Fact {
  return { type: "ValidationFailed", deployment, failure, report: report ?? null };
}

function deploymentFailed({ deployment }: Deployment, failure: Failure): Fact {
  return { type: "DeploymentFailed", deployment, failure };
}

function versionReady(deployment: Deployment, startMs: number, state: AgentState, now: number): readonly Fact[] {
  const { deployment: id, version } = deployment;
  if (version === undefined) return [];
  const ready: Fact = { type: "VersionReady", deployment: id, version, startMs };
  return deployment.strategy === "shadow" ? [ready] : [ready, ...firstShift(deployment, state, now)];
}

/** One that does badly never gets a message; that its time was over, or that there was nothing to ask, is no fault of its. */
function warmedUp(deployment: Deployment, warmUp: WarmUp, state: AgentState, now: number): readonly Fact[] {
  const { deployment: id, version, step } = deployment;
  if (version === undefined || deployment.state !== "Deploying" || stepOf(deployment)?.kind !== "warm-up") return [];
  const failure = warmUpFailure(warmUp, warmUp.ended !== "nothing-to-ask");
  return [
    { type: "VersionWarmedUp", deployment: id, version, step, warmUp },
    ...(failure === undefined ? firstShift(deployment, state, now) : [deploymentFailed(deployment, failure)]),
  ];
}

function lost(
  deployment: Deployment,
  { sinceMs, reason, actor }: Report & Sender & { type: "version-lost" },
  state: AgentState,
  now: number,
): readonly Fact[] {
  if (guardedBy(deployment, state) === undefined) return [];
  const back = rollback(deployment, state, { reason, actor, cause: "no_instance", sinceMs }, now);
  return back.ok ? back.facts : [];
}

function routeApplied(report: Report & { type: "route-applied" }, state: AgentState, now: number): readonly Fact[] {
  if (report.revision !== state.route.revision || report.revision <= state.appliedRevision) return [];
  const { revision, routers, appliedMs } = report;
  // What is held or released may have no version any more.
  const about = state.rollout ?? state.undeploy?.deployment ?? state.active ?? Object.keys(state.deployments).at(-1);
  const deployment = deploymentOf(state, about);
  if (deployment === undefined) return [];
  const applied: Fact = { type: "RouteApplied", deployment: deployment.deployment, revision, routers, appliedMs };
  if (deployment.rollbackReason !== undefined)
    return [applied, ...startDrain(deployment, deployment, "RolledBack", state, now)];
  if (deployment.deployment !== state.rollout) return [applied, ...leftByAll(state, now)];
  const goesOn = stepOf(deployment)?.kind === "shift" && watchMsOf(deployment) === undefined;
  if (!goesOn || deployment.frozen !== undefined) return [applied];
  return [applied, ...advance(deployment, state, now)];
}

/** One that is watched goes on with its next verdict. */
function goOn(deployment: Deployment, state: AgentState, now: number): readonly Fact[] {
  const { frozen, watch } = deployment;
  if (deployment.state !== "Deploying" || frozen === undefined || watch !== undefined) return [];
  return goToStep(deployment, frozen.next, state, now);
}

function drained(deployment: Deployment, forced: boolean): readonly Fact[] {
  const { deployment: id, version } = deployment;
  if (version === undefined || deployment.drain === undefined || deployment.drainedAtMs !== undefined) return [];
  return [{ type: "VersionDrained", deployment: id, version, forced }];
}

function closed(deployment: Deployment, revision: number): readonly Fact[] {
  const { deployment: id, version } = deployment;
  if (version === undefined || deployment.rollbackReason === undefined || deployment.closedAtMs !== undefined)
    return [];
  return [{ type: "VersionClosed", deployment: id, version, revision }];
}

function cleanedUp(deployment: Deployment, state: AgentState, now: number): readonly Fact[] {
  const { cleanup } = deployment;
  const by = deploymentOf(state, cleanup?.by);
  if (cleanup === undefined || now < cleanup.untilMs) return [];
  return startDrain(deployment, by ?? deployment, "Retired", state, now);
}

function redriveFinished(
  { deployment, redrive }: Deployment,
  { number, tally }: Report & { type: "redrive-finished" },
): readonly Fact[] {
  const isUnderWay = redrive?.state === "going" && redrive.number === number;
  return isUnderWay ? [{ type: "RedriveFinished", deployment, number, tally }] : [];
}

function stopped(deployment: Deployment, { undeploy }: AgentState): readonly Fact[] {
  const { deployment: id, version, drain, rollbackReason } = deployment;
  if (version === undefined || deployment.processes !== "unwanted") return [];
  const gone: Fact = { type: "VersionStopped", deployment: id, version };
  if (drain?.ending === "Retired") {
    const retired: Fact = { type: "DeploymentRetired", deployment: id };
    if (undeploy?.deployment !== id) return [gone, retired];
    return [gone, retired, { type: "AgentUndeployed", deployment: id, inbox: undeploy.inbox }];
  }
  if (drain?.ending === "RolledBack") {
    return [gone, { type: "DeploymentRolledBack", deployment: id, reason: rollbackReason ?? "rolled back" }];
  }
  return [gone];
}

function expired(deployment: Deployment, now: number): readonly Fact[] {
  const step = stepOf(deployment);
  if (waitOf(deployment) !== undefined) return [];
  const waitedMs = now - deployment.stepStartedAtMs;
  if (deployment.state === "Validating" && step?.kind === "validate" && waitedMs >= step.timeoutMs) {
    const reason = `no verdict after ${waitedMs} ms, ${step.timeoutMs} ms were allowed; is a validator running?`;
    const failure = { stage: "validate", code: "validation-timeout", reason };
    return [{ type: "ValidationFailed", deployment: deployment.deployment, failure, report: null }];
  }
  if (isStarting(deployment) && step?.kind === "start" && waitedMs >= step.timeoutMs) {
    const reason = `not ready after ${waitedMs} ms, ${step.timeoutMs} ms were allowed; is an agent-host running?`;
    return [deploymentFailed(deployment, { stage: "start", code: "version-failed", reason })];
  }
  return [];
}
