import type { CanaryCommand } from "@caxton/contracts/command-message";
import { CaxtonError } from "@caxton/contracts/errors";
import type { Canary, CanaryStep, Judging } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import type { CanaryStep as DomainStep } from "@caxton/deployment/strategy";
import type { DeploymentFile } from "@caxton/deployment-file/parse";
import { faultText, TextFault } from "@caxton/deployment-file/problem";
import { parseRule } from "@caxton/deployment-file/rule";
import { requireDeploymentFile } from "./deployment-file.ts";

/**
 * How a canary goes: as the file says, and before that as `given` says. What neither says is as in the ADR.
 * @throws CaxtonError `invalid-deployment-file`, `not-implemented`, `invalid-argument`
 */
export function toCanaryCommand(given: Canary | undefined, file: string): CanaryCommand {
  const fromFile = file === "" ? {} : canaryOfFile(requireDeploymentFile(file));
  if (given === undefined) return fromFile;
  const { steps, validateMs, cleanupMs, judging } = given;
  const judgings = { ...fromFile.judging, ...(judging === undefined ? {} : judgingOf(judging)) };
  return {
    ...fromFile,
    ...(steps.length === 0 ? {} : { steps: steps.map(stepOf) }),
    ...(validateMs === undefined ? {} : { validateMs }),
    ...(cleanupMs === undefined ? {} : { cleanupMs }),
    ...(Object.keys(judgings).length === 0 ? {} : { judging: judgings }),
  };
}

/** @throws CaxtonError `invalid-argument` where it is no canary's */
export function canaryOfFile(file: DeploymentFile): CanaryCommand {
  if (file.strategy !== "canary") {
    throw new CaxtonError(
      "invalid-argument",
      `the deployment file's strategy is ${file.strategy}, this makes a canary`,
    );
  }
  const { steps, validateMs, cleanupMs, judging } = file;
  const rollbackOn = judging.rollbackOn.map((rule) => ({ ...rule }));
  return { steps: steps.map(domainStep), validateMs, cleanupMs, judging: { ...judging, rollbackOn } };
}

function domainStep(step: DomainStep): NonNullable<CanaryCommand["steps"]>[number] {
  if (step.kind === "approve") return { approve: true };
  const { share, watchMs } = step;
  return { share, ...(watchMs === undefined ? {} : { watchMs }) };
}

function stepOf({ share, watchMs, approve }: CanaryStep): NonNullable<CanaryCommand["steps"]>[number] {
  return domainStep(
    approve ? { kind: "approve" } : { kind: "shift", share, ...(watchMs === undefined ? {} : { watchMs }) },
  );
}

export function judgingOf(given: Judging): NonNullable<CanaryCommand["judging"]> {
  const { rollbackOn, maxHoldMs } = given;
  const onInconclusive = chosen("on_inconclusive", given.onInconclusive, ["hold", "rollback"]);
  const onFailure = chosen("on_canary_failure", given.onCanaryFailure, ["fallback", "deadletter"]);
  return {
    ...(rollbackOn.length === 0 ? {} : { rollbackOn: rollbackOn.map(ruleOf) }),
    ...(onInconclusive === undefined ? {} : { onInconclusive }),
    ...(maxHoldMs === undefined ? {} : { maxHoldMs }),
    ...(onFailure === undefined ? {} : { onFailure }),
  };
}

function ruleOf(text: string): NonNullable<NonNullable<CanaryCommand["judging"]>["rollbackOn"]>[number] {
  try {
    return { ...parseRule(text) };
  } catch (error) {
    if (!(error instanceof TextFault)) throw error;
    throw new CaxtonError("invalid-argument", `rule '${text}', character ${error.offset + 1}: ${faultText(error)}`, {
      cause: error,
    });
  }
}

/** Undefined where nothing was given. */
function chosen<Choice extends string>(name: string, given: string, choices: readonly Choice[]): Choice | undefined {
  const choice = choices.find((one) => one === given);
  if (choice !== undefined || given === "") return choice;
  throw new CaxtonError("invalid-argument", `'${given.slice(0, 80)}' is no ${name}: ${choices.join(" or ")}`);
}
