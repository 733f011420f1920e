import type { Bus } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import { type ExperimentReport, experimentReport } from "@caxton/deployment/experiment";
import { type AgentState, type Deployment, deploymentOf, versionOf } from "@caxton/deployment/state";
import { abReportMessage } from "../ab-messages.ts";
import { resolveDeployment } from "../core/resolve-id.ts";
import { stepProgress } from "../step-progress.ts";
import type { Api, ApiContext } from "./api-context.ts";

/** Metrics-watchers speak every quarter of a second, once they have counted what is stored. */
const heardWithinMs = 5_000;

/** What A/B tests show. */
export function abApi({ bus, projection }: ApiContext): Pick<Api, "getAbReport"> {
  return {
    async getAbReport({ deploymentId }, { signal }) {
      const place = resolveDeployment(projection.views(), deploymentId);
      const { state } = projection.view(place.agent);
      const deployment = deploymentOf(state, place.deployment);
      if (deployment?.experiment === undefined) {
        const is = deployment === undefined ? "" : `, it is ${deployment.strategy}`;
        throw new CaxtonError("invalid-argument", `deployment ${place.deployment} is no A/B test${is}`);
      }
      const report = deployment.concluded ?? (await reportNow(bus, deployment, state, signal));
      return abReportMessage(deployment, report);
    },
  };
}

/** @throws CaxtonError `not-allowed-now` where there is nothing to report, `service-unavailable` where nobody counts */
async function reportNow(
  bus: Bus,
  deployment: Deployment,
  state: AgentState,
  caller: AbortSignal,
): Promise<ExperimentReport> {
  const { deployment: id, agent, experiment, watch, step, stepStartedAtMs, version = "", replaces } = deployment;
  if (experiment === undefined || watch === undefined) {
    throw new CaxtonError(
      "not-allowed-now",
      `the A/B test of deployment ${id} ${whyNothing(deployment)}; it is ${deployment.state}`,
    );
  }
  const { endsAtMs } = watch;
  const stableVersion = versionOf(state, replaces) ?? "";
  const signal = AbortSignal.any([caller, AbortSignal.timeout(heardWithinMs)]);
  for await (const seen of stepProgress(bus, agent, id, signal)) {
    if (seen.step !== step || seen.experiment === undefined) continue;
    const { measure } = experiment;
    const test = { measure, stableVersion, candidateVersion: version, startedAtMs: stepStartedAtMs, endsAtMs };
    return experimentReport(test, seen.experiment, Date.now());
  }
  throw new CaxtonError("service-unavailable", `no metrics-watcher counts the A/B test of ${id}; is one running?`);
}

function whyNothing(deployment: Deployment): string {
  const { plan, step, rollbackReason, state } = deployment;
  const share = plan.findIndex(({ kind }) => kind === "shift");
  if (rollbackReason !== undefined)
    return `was ended before its time was over, nothing was concluded: ${rollbackReason}`;
  const isBefore = step <= share || state === "Failed";
  return isBefore ? "has not begun" : "was ended by hand before its time was over, nothing was concluded";
}
