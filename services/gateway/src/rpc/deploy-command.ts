import { randomUUIDv7 } from "node:crypto";
import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { type CanaryCommand, type DeployCommand, deployCommand } from "@caxton/contracts/command-message";
import { CaxtonError } from "@caxton/contracts/errors";
import type { DeployRequest, Limits } from "@caxton/contracts/gen/caxton/v1/deployment_commands_pb.js";
import { ownDeploymentTrace } from "@caxton/contracts/trace-spans";
import { isDigest } from "@caxton/contracts/names";
import { type Strategy, strategies } from "@caxton/deployment/strategy";
import { commandEnvelope } from "./command-context.ts";

const laterStrategies: readonly string[] = ["blue-green", "shadow"];

/**
 * `canary` makes it one, however the request calls it.
 * @throws CaxtonError `invalid-argument`, `invalid-command`, `not-implemented`
 */
export function toDeployCommand(request: DeployRequest, call: Headers, canary?: CanaryCommand): DeployCommand {
  const { artifactDigest, deploymentId, configuration, limits, instances, concurrency, allowBreaking } = request;
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
    strategy: canary === undefined ? requireStrategy(request.strategy) : requireCanary(request.strategy),
    ...(canary === undefined ? {} : { canary }),
    ...(configuration === undefined ? {} : { configuration: toJson(ValueSchema, configuration) }),
    ...(limits === undefined ? {} : { limits: setFields(limits) }),
    ...(instances === undefined ? {} : { instances }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(allowBreaking === "" ? {} : { allowBreaking }),
  });
}

function requireStrategy(strategy: string): Strategy {
  if (strategy === "") return "direct";
  const known = strategies.find((one) => one === strategy);
  if (known !== undefined) return known;
  const there = strategies.join(" or ");
  if (laterStrategies.includes(strategy)) {
    throw new CaxtonError("not-implemented", `strategy ${strategy} is not served yet; use ${there}`);
  }
  throw new CaxtonError("invalid-argument", `'${strategy.slice(0, 80)}' is no strategy; use ${there}`);
}

function requireCanary(strategy: string): "canary" {
  if (strategy === "" || strategy === "canary") return "canary";
  throw new CaxtonError("invalid-argument", `a canary's strategy is canary, not '${strategy.slice(0, 80)}'`);
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
