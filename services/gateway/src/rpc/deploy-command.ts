import { randomUUIDv7 } from "node:crypto";
import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  type BlueGreenCommand,
  type CanaryCommand,
  type DeployCommand,
  deployCommand,
  type ShadowCommand,
} from "@caxton/contracts/command-message";
import { CaxtonError } from "@caxton/contracts/errors";
import type { AbTest } from "@caxton/contracts/gen/caxton/v1/ab_pb.js";
import type { BlueGreen } from "@caxton/contracts/gen/caxton/v1/blue_green_pb.js";
import type { DeployRequest, Limits } from "@caxton/contracts/gen/caxton/v1/deployment_commands_pb.js";
import { ownDeploymentTrace } from "@caxton/contracts/trace-spans";
import { isDigest } from "@caxton/contracts/names";
import { type ConflictPolicy, conflictPolicies } from "@caxton/deployment/state";
import { type Strategy, strategies } from "@caxton/deployment/strategy";
import type { DeploymentFile } from "@caxton/deployment-file/parse";
import { abOfFile, toAbCommand } from "./ab-command.ts";
import { canaryOfFile } from "./canary-command.ts";
import { commandEnvelope } from "./command-context.ts";
import { requireDeploymentFile } from "./deployment-file.ts";
import { shadowOfFile } from "./shadow-command.ts";

/** What makes it a canary or a shadow, however the request calls it. */
export type Special = { readonly canary: CanaryCommand } | { readonly shadow: ShadowCommand };

/**
 * @throws CaxtonError `invalid-argument`, `invalid-command`, `not-implemented`
 */
export function toDeployCommand(request: DeployRequest, call: Headers, special?: Special): DeployCommand {
  const { artifactDigest, deploymentId, configuration, limits, instances, concurrency, allowBreaking } = request;
  const { onConflict, overrideFreeze } = request;
  if (!isDigest(artifactDigest)) {
    throw new CaxtonError(
      "invalid-argument",
      `artifact digest '${artifactDigest.slice(0, 80)}' is not 64 lower-case hex digits; upload the file with PUT /artifacts/<sha256> and give that`,
    );
  }
  const envelope = commandEnvelope(request.context, call);
  const deployment = deploymentId === "" ? randomUUIDv7() : deploymentId;
  return deployCommand.check({
    ...ownDeploymentTrace(envelope.id, deployment),
    ...envelope,
    deployment,
    artifact: { digest: artifactDigest },
    ...(special === undefined ? planOf(request) : { strategy: requireSpecial(request, special), ...special }),
    ...(configuration === undefined ? {} : { configuration: toJson(ValueSchema, configuration) }),
    ...(limits === undefined ? {} : { limits: setFields(limits) }),
    ...(instances === undefined ? {} : { instances }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(allowBreaking === "" ? {} : { allowBreaking }),
    ...(onConflict === "" ? {} : { onConflict: requireConflictPolicy(onConflict) }),
    ...(overrideFreeze === "" ? {} : { overrideFreeze }),
  });
}

/** What the request says beside its strategy, or the file instead of it. */
function planOf(request: DeployRequest): Pick<DeployCommand, "strategy" | "canary" | "blueGreen" | "shadow" | "ab"> {
  const { strategy, blueGreen, deploymentFile, ab } = request;
  const file = deploymentFile === "" ? undefined : requireDeploymentFile(deploymentFile);
  const given = blueGreen === undefined ? (ab === undefined ? undefined : "ab") : "blue-green";
  const implied = file?.strategy ?? given ?? "direct";
  const asked = strategy === "" ? implied : requireStrategy(strategy);
  if (given !== undefined && given !== asked) {
    const field = given === "ab" ? "ab" : "blueGreen";
    throw new CaxtonError("invalid-argument", `'${field}' is of ${given}, the strategy is ${asked}`);
  }
  if (file !== undefined && asked !== file.strategy) {
    throw new CaxtonError("invalid-argument", `the deployment file says ${file.strategy}, the strategy is ${asked}`);
  }
  if (asked === "canary" && file !== undefined) return { strategy: asked, canary: canaryOfFile(file) };
  if (asked === "shadow" && file !== undefined) return { strategy: asked, shadow: shadowOfFile(file) };
  if (asked === "ab") return { strategy: asked, ...abOf(file, ab) };
  if (asked !== "blue-green") return { strategy: asked };
  return { strategy: asked, blueGreen: { ...timesOfFile(file), ...(blueGreen && setTimes(blueGreen)) } };
}

function abOf(file: DeploymentFile | undefined, given: AbTest | undefined): Pick<DeployCommand, "ab"> {
  if (file?.strategy === "ab") {
    if (given === undefined) return { ab: abOfFile(file) };
    throw new CaxtonError("invalid-argument", "give 'ab' or a deployment file, not both");
  }
  return given === undefined ? {} : { ab: toAbCommand(given) };
}

function timesOfFile(file: DeploymentFile | undefined): BlueGreenCommand {
  if (file?.strategy !== "blue-green") return {};
  const { validateMs, warmUpMs, cleanupMs } = file;
  return { validateMs, warmUpMs, cleanupMs };
}

function setTimes({ validateMs, warmUpMs, cleanupMs }: BlueGreen): BlueGreenCommand {
  return {
    ...(validateMs === undefined ? {} : { validateMs }),
    ...(warmUpMs === undefined ? {} : { warmUpMs }),
    ...(cleanupMs === undefined ? {} : { cleanupMs }),
  };
}

function requireConflictPolicy(text: string): ConflictPolicy {
  const known = conflictPolicies.find((one) => one === text);
  if (known !== undefined) return known;
  throw new CaxtonError(
    "invalid-argument",
    `'${text.slice(0, 80)}' is nothing to do on a conflict; use ${conflictPolicies.join(", ")}`,
  );
}

function requireStrategy(strategy: string): Strategy {
  const known = strategies.find((one) => one === strategy);
  if (known !== undefined) return known;
  const there = strategies.join(" or ");
  throw new CaxtonError("invalid-argument", `'${strategy.slice(0, 80)}' is no strategy; use ${there}`);
}

function requireSpecial({ strategy, blueGreen, deploymentFile }: DeployRequest, special: Special): "canary" | "shadow" {
  const meant = "canary" in special ? "canary" : "shadow";
  if (blueGreen !== undefined || deploymentFile !== "") {
    const what =
      blueGreen === undefined ? `a ${meant}'s deploymentFile stands beside '${meant}'` : "'blueGreen' is of blue-green";
    throw new CaxtonError("invalid-argument", what);
  }
  if (strategy === "" || strategy === meant) return meant;
  throw new CaxtonError("invalid-argument", `a ${meant}'s strategy is ${meant}, not '${strategy.slice(0, 80)}'`);
}

function setFields({ memoryMaxBytes, messageTimeoutMs, startTimeoutMs, outputMaxBytes, p99MaxMs }: Limits) {
  return {
    ...(memoryMaxBytes === undefined ? {} : { memoryMaxBytes }),
    ...(messageTimeoutMs === undefined ? {} : { messageTimeoutMs }),
    ...(startTimeoutMs === undefined ? {} : { startTimeoutMs }),
    ...(outputMaxBytes === undefined ? {} : { outputMaxBytes }),
    ...(p99MaxMs === undefined ? {} : { p99MaxMs }),
  };
}
