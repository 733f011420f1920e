import { randomUUIDv7 } from "node:crypto";
import { fromJsonString } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import { DeploymentSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { concurrencyMax, instancesMax } from "@caxton/contracts/limits";
import { requireAgentName } from "@caxton/contracts/names";
import { shadowReport } from "@caxton/contracts/shadow";
import { type ConflictPolicy, conflictPolicies } from "@caxton/deployment/state";
import type { Command } from "commander";
import { type ArtifactFile, readArtifact } from "../artifact-file.ts";
import { uploadArtifact } from "../artifact-upload.ts";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { commandContext, type GatewayOption, openGateway } from "../context.ts";
import { agentNameOf, type GivenLimits, parseLimits, readConfiguration } from "../deploy-options.ts";
import { firstVersionLines } from "../first-version.ts";
import { bytes, sentence } from "../format/quantity.ts";
import { shadowLines } from "../format/shadow.ts";
import type { Decided, Gateway } from "../gateway-client.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import type { Output } from "../output.ts";
import { Spinner } from "../spinner.ts";
import { type PlanOptions, readPlan, type RolloutPlan } from "../rollout-plan.ts";
import { watchRollout } from "../watch-rollout.ts";
import { changeTo } from "../watched-json.ts";
import { wireJson } from "../wire-json.ts";

interface DeployOptions extends JsonOption, GatewayOption, PlanOptions {
  readonly agent?: string;
  readonly configuration?: string;
  readonly limit?: GivenLimits;
  readonly instances?: number;
  readonly concurrency?: number;
  readonly deployment?: string;
  readonly allowBreaking?: boolean;
  readonly onConflict?: ConflictPolicy;
  readonly overrideFreeze?: string;
  readonly reason?: string;
  readonly detach?: boolean;
}

/** @throws CaxtonError `invalid-argument` */
function conflictPolicy(text: string): ConflictPolicy {
  const known = conflictPolicies.find((one) => one === text);
  if (known !== undefined) return known;
  throw new CaxtonError("invalid-argument", `--on-conflict is ${conflictPolicies.join(", ")}, not '${text}'`);
}

/** What takes less time needs no progress. */
const quietMs = 1_000;

export function deployAgentCommand(): Command {
  return gatewayCommand("agent", "bring a component into an agent's live traffic, and tell how it goes", [
    "caxton deploy agent quake-watch.wasm",
    "caxton deploy agent build/v2.wasm --agent quake-watch --limit memory=128MiB,timeout=2s",
    `caxton deploy agent quake-watch.wasm --configuration '{"threshold": 4}' --instances 2`,
    'caxton deploy agent v3.wasm --agent quake-watch --allow-breaking --reason "old producers are gone"',
    "caxton deploy agent quake-watch.wasm --strategy canary",
    "caxton deploy agent quake-watch.wasm --config deployment.yaml",
    "caxton deploy agent quake-watch.wasm --strategy blue-green",
    "caxton deploy agent quake-watch.wasm --strategy canary --steps 5%:30s,25%:1m,100%",
    'caxton deploy agent quake-watch.wasm --steps 10%:1m,approve,100% --rollback-on "error_rate > 0.5%"',
    "caxton deploy agent hotfix.wasm --agent quake-watch --on-conflict supersede",
    "caxton deploy agent v2.wasm --agent quake-watch --strategy shadow --duration 10m --sample 10% --ignore '$.timestamp'",
    "caxton deploy agent quake-watch.wasm --strategy ab --share 50% --duration 1h --measure '$.score'",
    "caxton deploy agent quake-watch.wasm --detach --json",
  ])
    .argument("<file>", "the component, a .wasm file")
    .option("--agent <name>", "the agent it becomes a version of; the file's name without .wasm and -v<n> unless given")
    .option(
      "--strategy <strategy>",
      "how traffic moves to it: direct, canary, blue-green or ab, or shadow: not at all; direct unless the other options say another",
    )
    .option("--config <file>", "a deployment file (YAML) with strategy, stages and rules; `caxton lint` checks one")
    .option("--steps <steps>", "of a canary: shares and how long each is watched, as 5%:30s,25%:1m,approve,100%")
    .option(
      "--rollback-on <rule>",
      "of a canary or an A/B test: take it back where this holds, as error_rate > 1% (may be repeated; instead of the file's)",
      (rule: string, before: readonly string[] | undefined) => [...(before ?? []), rule],
    )
    .option("--duration <time>", "of a shadow or an A/B test: how long versions are compared; 1h unless given")
    .option("--sample <share>", "of a shadow: which part of the messages it reads, as 10%; all unless given")
    .option(
      "--ignore <path>",
      "of a shadow: a place in its outputs that does not count, as $.timestamp (may be repeated)",
      (path: string, before: readonly string[] | undefined) => [...(before ?? []), path],
    )
    .option("--tolerance <share>", "of a shadow: how much numbers may differ, as 0.1%; 1e-13 unless given")
    .option(
      "--measure <measure>",
      "of an A/B test: what is compared, as '$.score', '$.score of <kind>' or 'rate of <kind>'",
    )
    .option("--better <direction>", "of an A/B test: higher or lower is an improvement; higher unless given")
    .option("--share <share>", "of an A/B test: the new version's part of the messages; 50% unless given")
    .option("--configuration <file|json>", "given to the agent with every message; '{}' takes an earlier one back")
    .option(
      "--limit <limits>",
      "what it may use: memory=64MiB,timeout=1s,start=5s,output=256KiB,p99=250ms (may be repeated)",
      parseLimits,
    )
    .option("--instances <n>", "processes of the version, over all hosts", wholeNumber("--instances", 1, instancesMax))
    .option(
      "--concurrency <n>",
      "messages that one process works on at once",
      wholeNumber("--concurrency", 1, concurrencyMax),
    )
    .option("--deployment <id>", "a UUID for this deployment: asking twice with the same is asking once")
    .option("--allow-breaking", "deploy although messages that the live version accepts would be refused")
    .option(
      "--on-conflict <what>",
      "where another deployment of the agent is on its way: queue, supersede or reject; queue unless given",
      conflictPolicy,
    )
    .option("--override-freeze <why>", "deploy although there is a freeze; stays in the history")
    .option("--reason <text>", "why; stays in the history")
    .option("--detach", "come back once it was accepted, without waiting for the rollout")
    .action(deployAgent);
}

async function deployAgent(file: string, options: DeployOptions): Promise<void> {
  const output = outputOf(options);
  if (options.allowBreaking === true && options.reason === undefined) {
    throw new CaxtonError("invalid-argument", '--allow-breaking needs a --reason "why", which stays in the history');
  }
  const configuration =
    options.configuration === undefined ? undefined : await readConfiguration(options.configuration);
  const plan = await readPlan(options, output);
  const artifact = await readArtifact(file);
  const agent = requireAgentName(options.agent ?? agentNameOf(file));
  const gateway = await openGateway(options);
  output.lines(...(await firstVersionLines(gateway, agent, plan, options.agent !== undefined)));
  await upload(gateway, artifact, output);

  const id = options.deployment ?? randomUUIDv7();
  using ctrlC = new CtrlC();
  const { reason = "" } = options;
  const deployment = {
    context: commandContext(reason),
    agent,
    artifactDigest: artifact.digest,
    deploymentId: id,
    strategy: plan.isCanary ? "canary" : plan.strategy,
    ...(configuration === undefined ? {} : { configuration: fromJsonString(ValueSchema, configuration) }),
    ...(options.limit === undefined ? {} : { limits: options.limit }),
    ...(options.instances === undefined ? {} : { instances: options.instances }),
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    ...(options.allowBreaking === true ? { allowBreaking: reason } : {}),
    ...(options.onConflict === undefined ? {} : { onConflict: options.onConflict }),
    ...(options.overrideFreeze === undefined ? {} : { overrideFreeze: options.overrideFreeze }),
  };
  const { deploymentId, state } = await ask(gateway, deployment, plan).catch((error: unknown) => {
    throw withWayBack(error, id);
  });
  if (options.detach === true) {
    output.lines(
      `→ Deployment ${deploymentId} of ${agent} accepted (${state})`,
      `→ Follow it: caxton get -w ${deploymentId}`,
    );
    output.value({ id: deploymentId, agent, state });
    return;
  }
  await follow(gateway, deploymentId, plan, output, ctrlC.signal);
}

type Asked = Extract<Parameters<Gateway["deployAgent"]>[0], { readonly $typeName?: never }>;

function ask(gateway: Gateway, deployment: Asked, plan: RolloutPlan): Promise<Pick<Decided, "deploymentId" | "state">> {
  if (plan.isCanary)
    return gateway.createCanaryDeployment({ deployment, canary: plan.canary, deploymentFile: plan.deploymentFile });
  const { deploymentFile, shadow, ab } = plan;
  if (shadow === undefined)
    return gateway.deployAgent({ ...deployment, deploymentFile, ...(ab === undefined ? {} : { ab }) });
  return gateway.createShadowDeployment({ deployment, shadow, deploymentFile });
}

/** What goes in steps is told as it goes on, with `--json` as well; of a direct deployment what counts is its end. */
async function follow(
  gateway: Gateway,
  id: string,
  plan: RolloutPlan,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const isStepped = plan.isCanary || plan.strategy !== "direct";
  const wayBack = `rollout goes on without you; come back with: caxton get -w ${id}`;
  const watching = isStepped && output.json ? { fromBeginning: true, onChange: changeTo(output) } : {};
  const deployment = await watchRollout(gateway, id, output, { signal, ...watching }).catch((error: unknown) => {
    if (!hasCode(error, "gateway-unavailable")) throw error;
    throw new CaxtonError(error.code, `${sentence(error.message)} The ${wayBack}`, { cause: error });
  });
  if (deployment === undefined) throw new Interrupted(`the ${wayBack}`);
  if (deployment.shadow !== undefined) await showReport(gateway, id, output);
  const value = wireJson(DeploymentSchema, deployment);
  output.value(isStepped ? { type: "deployment", deployment: value } : value);
}

/** What a shadow came to; people read it, programs ask for it. */
async function showReport(gateway: Gateway, id: string, output: Output): Promise<void> {
  if (output.json) return;
  const { report } = await gateway.getShadowReport(id);
  output.lines("", ...shadowLines(shadowReport.check(report), output.style));
}

async function upload(gateway: Gateway, artifact: ArtifactFile, output: Output): Promise<void> {
  const startedMs = performance.now();
  using spinner = new Spinner(output, "Uploading");
  const total = bytes(artifact.sizeBytes);
  let toldAtMs = startedMs;
  await uploadArtifact(gateway.address, artifact, (sentBytes) => {
    spinner.say(`Uploading ${bytes(sentBytes)} of ${total}`);
    const nowMs = performance.now();
    if (output.live || nowMs - toldAtMs < quietMs) return;
    toldAtMs = nowMs;
    output.lines(`→ Uploading: ${bytes(sentBytes)} of ${total}`);
  });
}

/** Where the answer stayed away the deployment may be under way all the same. */
function withWayBack(error: unknown, id: string): unknown {
  if (!hasCode(error, "timeout", "gateway-unavailable", "service-unavailable")) return error;
  return new CaxtonError(
    error.code,
    `${sentence(error.message)} It may have been accepted: ask again with --deployment ${id}, which deploys it once at most`,
    { cause: error },
  );
}
