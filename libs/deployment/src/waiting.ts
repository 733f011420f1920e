import type { Report } from "./command.ts";
import type { Fact } from "./event.ts";
import type { AgentState, Deployment, Wait } from "./state.ts";

/** A place that changes is stored this seldom. */
const restMs = 2_000;

/** What keeps it at the step that it is at, where something does. */
export function waitOf({ state, step, waits }: Deployment): Wait | undefined {
  const mayWait = state === "Validating" || state === "Deploying";
  return mayWait && waits?.step === step ? waits : undefined;
}

export function waitsNow(deployment: Deployment, report: Report & { type: "busy" }, now: number): readonly Fact[] {
  const { deployment: id, step } = deployment;
  if (!mayWaitAt(deployment, report.step)) return [];
  const { place, waiting, reason } = report;
  const known = waitOf(deployment);
  const isNews = known === undefined || (known.place !== place && now >= known.saidAtMs + restMs);
  return isNews ? [{ type: "DeploymentWaits", deployment: id, step, place, waiting, reason }] : [];
}

export function turnCame(deployment: Deployment, report: Report & { type: "turn-came" }): readonly Fact[] {
  const { deployment: id, step } = deployment;
  if (!mayWaitAt(deployment, report.step) || waitOf(deployment) === undefined) return [];
  return [{ type: "DeploymentTurnCame", deployment: id, step }];
}

function mayWaitAt({ state, step, plan }: Deployment, at: number): boolean {
  const kind = plan[step]?.kind;
  return (
    step === at && ((state === "Validating" && kind === "validate") || (state === "Deploying" && kind === "start"))
  );
}

/** @param place from 1 */
export function waitText({ place, waiting, reason }: Pick<Wait, "place" | "waiting" | "reason">): string {
  return `${reason}; place ${place} of ${waiting} in its line`;
}

/** What a deployment waits for that somebody asks after, in words. */
export function waitTextOf(state: AgentState, id: string | undefined): string | undefined {
  const deployment = id === undefined ? undefined : state.deployments[id];
  const wait = deployment === undefined ? undefined : waitOf(deployment);
  return wait === undefined ? undefined : waitText(wait);
}
