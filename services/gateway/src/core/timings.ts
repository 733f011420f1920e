import type { Deployment } from "@caxton/deployment/state";
import type { DeploymentMarks } from "./agent-view.ts";

/** How long the parts of a deployment took, in ms; absent until known. */
export interface DeploymentTimings {
  readonly queuedMs?: number;
  readonly validationMs?: number;
  readonly deployMs?: number;
  readonly startMs?: number;
  readonly drainMs?: number;
  readonly totalMs?: number;
}

export function timingsOf(deployment: Deployment, marks: DeploymentMarks): DeploymentTimings {
  const validatedAtMs = deployment.validatedAtMs;
  const settledAtMs = deployment.runningAtMs ?? deployment.endedAtMs;
  return {
    ...span("queuedMs", deployment.requestedAtMs, marks.startedAtMs),
    ...span("validationMs", marks.startedAtMs, marks.validatedAtMs),
    ...span("startMs", validatedAtMs, marks.readyAtMs),
    ...span("deployMs", validatedAtMs, marks.appliedAtMs),
    ...span("drainMs", marks.drainStartedAtMs, deployment.drainedAtMs),
    ...span("totalMs", deployment.requestedAtMs, settledAtMs),
  };
}

function span(name: keyof DeploymentTimings, fromMs: number | undefined, toMs: number | undefined): DeploymentTimings {
  return fromMs === undefined || toMs === undefined ? {} : { [name]: toMs - fromMs };
}
