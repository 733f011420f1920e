import { advance } from "./advance.ts";
import type { StepVerdict } from "./command.ts";
import type { Fact } from "./event.ts";
import { experimentReport } from "./experiment.ts";
import { rollbackCause } from "./judging.ts";
import { verdictText } from "./judging-text.ts";
import { type AgentState, type Deployment, versionOf } from "./state.ts";
import { takeBack } from "./take-back.ts";

/** One that changed and decides nothing is stored this seldom: a rate at its bound goes up and down with every look. */
const verdictRestMs = 5_000;

/**
 * What a look at a canary means: a breach ends the step at once, a pass when its time is over; without either it is held,
 * and taken back after a while where that was asked for (DESIGN.md, Strategies). A paused one is taken back all the same.
 */
export function decideVerdict(
  report: StepVerdict,
  deployment: Deployment,
  state: AgentState,
  now: number,
  actor: string,
): readonly Fact[] {
  const { deployment: id, step, watch, judging, pausedAtMs } = deployment;
  if (deployment.state !== "Deploying" || report.step !== step || watch === undefined) return [];
  const { verdict, breachedAtMs = now } = report;
  const reached = (decision: "promote" | "rollback" | "hold" | "none"): Fact => ({
    type: "VerdictReached",
    deployment: id,
    step,
    verdict,
    decision,
  });
  const goBack = (sinceMs: number): readonly Fact[] => {
    const why = { reason: verdictText(verdict), actor, cause: rollbackCause(verdict), sinceMs };
    const back = takeBack(deployment, state, why, now);
    return back.ok ? [reached("rollback"), ...back.facts] : [];
  };
  if (verdict.outcome === "fail") return goBack(breachedAtMs);
  // No message comes that it could be judged by; it is watched anew afterwards.
  if (state.hold !== undefined) return [];
  const isOver = pausedAtMs === undefined && now >= watch.endsAtMs;
  if (isOver && deployment.experiment !== undefined) {
    const concluded = conclude(report, deployment, state, now);
    return concluded === undefined ? [] : [reached("promote"), concluded, ...advance(deployment, state, now)];
  }
  if (isOver && verdict.outcome === "pass") return [reached("promote"), ...advance(deployment, state, now)];
  const isOut = isOver && judging?.onInconclusive === "rollback" && now >= watch.endsAtMs + judging.maxHoldMs;
  if (isOut) return goBack(now);
  if (isOver && watch.heldAtMs === undefined) return [reached("hold")];
  const known = watch.verdict?.outcome ?? "inconclusive";
  const isNews = known !== verdict.outcome && now >= (watch.verdictAtMs ?? 0) + verdictRestMs;
  return isNews ? [reached("none")] : [];
}

/**
 * An A/B test ends when its time is over, with or without a verdict of the rules: what follows is a person's to say. It waits
 * for a report in which all is counted.
 */
function conclude(
  { experiment: tally }: StepVerdict,
  { deployment, step, experiment, watch, stepStartedAtMs, version, replaces }: Deployment,
  state: AgentState,
  now: number,
): Fact | undefined {
  if (experiment === undefined || tally === undefined || watch === undefined) return undefined;
  const test = {
    measure: experiment.measure,
    stableVersion: versionOf(state, replaces) ?? "",
    candidateVersion: version ?? "",
    startedAtMs: stepStartedAtMs,
    endsAtMs: watch.endsAtMs,
  };
  return { type: "ExperimentConcluded", deployment, step, report: experimentReport(test, tally, now) };
}
