import type { ShadowCommand } from "@caxton/contracts/command-message";
import { CaxtonError } from "@caxton/contracts/errors";
import type { Shadow } from "@caxton/contracts/gen/caxton/v1/shadow_pb.js";
import { comparisons } from "@caxton/deployment/shadow/settings";
import type { DeploymentFile } from "@caxton/deployment-file/parse";
import { requireDeploymentFile } from "./deployment-file.ts";

/**
 * What a shadow compares: as the file says, and before that as `given` says. What neither says is as in the ADR.
 * @throws CaxtonError `invalid-deployment-file`, `not-implemented`, `invalid-argument`
 */
export function toShadowCommand(given: Shadow | undefined, file: string): ShadowCommand {
  const fromFile = file === "" ? {} : shadowOfFile(requireDeploymentFile(file));
  if (given === undefined) return fromFile;
  const { durationMs, compare, sample, ignore, tolerance } = given;
  return {
    ...fromFile,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(compare.length === 0 ? {} : { compare: compare.map(comparison) }),
    ...(sample === undefined ? {} : { sample }),
    ...(ignore.length === 0 ? {} : { ignore: [...ignore] }),
    ...(tolerance === undefined ? {} : { tolerance }),
  };
}

/** @throws CaxtonError `invalid-argument` where it is no shadow's */
export function shadowOfFile(file: DeploymentFile): ShadowCommand {
  if (file.strategy !== "shadow") {
    throw new CaxtonError(
      "invalid-argument",
      `the deployment file's strategy is ${file.strategy}, this makes a shadow`,
    );
  }
  const { durationMs, compare, sample, ignore, tolerance } = file;
  return { durationMs, compare: [...compare], sample, ignore: [...ignore], tolerance };
}

function comparison(given: string): (typeof comparisons)[number] {
  const known = comparisons.find((one) => one === given);
  if (known !== undefined) return known;
  throw new CaxtonError("invalid-argument", `'${given.slice(0, 80)}' is nothing to compare: ${comparisons.join(", ")}`);
}
