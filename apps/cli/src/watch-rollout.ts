import { CaxtonError, isErrorCode } from "@caxton/contracts/errors";
import {
  type Deployment,
  DeploymentSchema,
  type WatchDeploymentResponse,
} from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { StepProgress } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import { CommandFailure } from "./failure.ts";
import { followDeployment } from "./follow-deployment.ts";
import { progressText, queueText, refusalLines, rolloutEnd, rolloutLines } from "./format/rollout.ts";
import type { Gateway } from "./gateway-client.ts";
import type { Output } from "./output.ts";
import { Spinner } from "./spinner.ts";
import { wireJson } from "./wire-json.ts";

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Begin with the deployment's first event, so that `onChange` is told of all of them. */
  readonly fromBeginning?: boolean;
  /** Told of every change and of what is seen in between. */
  readonly onChange?: (change: WatchDeploymentResponse) => void;
}

/**
 * Tells how a rollout goes until it has ended, and returns it; undefined when `signal` aborts first.
 * @throws CommandFailure with the refusal's code where it did not end as it should
 */
export async function watchRollout(
  gateway: Gateway,
  id: string,
  output: Output,
  { signal, fromBeginning = false, onChange }: WatchOptions,
): Promise<Deployment | undefined> {
  using spinner = new Spinner(output, "Deploying");
  let told = 0;
  let place = 0;
  let waitsFor = "";
  let latest: Deployment | undefined;
  let progress: StepProgress | undefined;
  const onBroken = () => spinner.above("→ The connection to the gateway broke; trying again");
  for await (const change of followDeployment(gateway, id, { signal, fromBeginning, onBroken })) {
    onChange?.(change);
    const deployment = change.deployment ?? latest;
    if (deployment === undefined) continue;
    latest = deployment;
    progress = change.progress ?? progress;
    const seen = progress;
    spinner.show(() => progressText(deployment, seen));
    if (change.deployment === undefined) continue;
    if (deployment.queuePlace !== place && deployment.queuePlace > 0) {
      spinner.above(`→ ${queueText(deployment.queuePlace, deployment.waitsFor)}`);
    }
    if (deployment.queuePlace === 0 && deployment.waitsFor !== "" && waitsFor === "")
      spinner.above(`→ ${deployment.state}, waits: ${deployment.waitsFor}`);
    ({ waitsFor } = deployment);
    place = deployment.queuePlace;
    const lines = rolloutLines(deployment, output.style);
    spinner.above(...lines.slice(told));
    told = Math.max(told, lines.length);
    const end = rolloutEnd(deployment);
    if (end === "running") return deployment;
    if (end === undefined) continue;
    spinner.above(...refusalLines(deployment, output.style));
    throw refusal(deployment, onChange !== undefined);
  }
  return undefined;
}

/** Where changes were told one by one, this is the last of them. */
function refusal(deployment: Deployment, isLast: boolean): CommandFailure {
  const { id, agent, failure, rollbackReason } = deployment;
  const code = isErrorCode(failure?.code) ? failure.code : failure === undefined ? "rolled-back" : "internal";
  const message =
    failure === undefined
      ? `deployment ${id} of ${agent} was taken back: ${rollbackReason}`
      : `deployment ${id} of ${agent} failed at ${failure.stage}`;
  const value = wireJson(DeploymentSchema, deployment);
  return new CommandFailure(new CaxtonError(code, message), isLast ? { type: "deployment", deployment: value } : value);
}
