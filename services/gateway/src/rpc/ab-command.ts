import type { AbCommand } from "@caxton/contracts/command-message";
import { CaxtonError } from "@caxton/contracts/errors";
import type { AbTest } from "@caxton/contracts/gen/caxton/v1/ab_pb.js";
import { parseMeasure } from "@caxton/deployment/measure-text";
import { isPathFault } from "@caxton/deployment/json-path";
import type { DeploymentFile } from "@caxton/deployment-file/parse";
import { judgingOf } from "./canary-command.ts";

/** How an A/B test goes, as the request says it. @throws CaxtonError `invalid-argument` */
export function toAbCommand(given: AbTest): AbCommand {
  const { share, durationMs, measure, better, validateMs, cleanupMs, judging } = given;
  if (better !== "" && better !== "higher" && better !== "lower") {
    throw new CaxtonError("invalid-argument", `'${better.slice(0, 80)}' is no direction: higher or lower is better`);
  }
  const parsed = parseMeasure(measure, better === "" ? "higher" : better);
  if (isPathFault(parsed)) throw new CaxtonError("invalid-argument", `the measure: ${parsed.message}`);
  return {
    measure: parsed,
    ...(share === undefined ? {} : { share }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(validateMs === undefined ? {} : { validateMs }),
    ...(cleanupMs === undefined ? {} : { cleanupMs }),
    ...(judging === undefined ? {} : { judging: judgingOf(judging) }),
  };
}

/** The same, as a deployment file says it. */
export function abOfFile({ share, measure, judging, ...times }: DeploymentFile & { strategy: "ab" }): AbCommand {
  const { strategy: _strategy, ...rest } = times;
  const rollbackOn = judging.rollbackOn.map((rule) => ({ ...rule }));
  return { ...rest, share, measure: { ...measure }, judging: { ...judging, rollbackOn } };
}
