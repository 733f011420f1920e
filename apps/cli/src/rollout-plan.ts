import { readFile } from "node:fs/promises";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { CanarySchema } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CanaryStep } from "@caxton/deployment/strategy";
import { type Parsed, parseDeploymentFile } from "@caxton/deployment-file/parse";
import { parseRule } from "@caxton/deployment-file/rule";
import { parseSteps } from "@caxton/deployment-file/steps";
import { type Ab, type AbOptions, readAb, saysAb } from "./ab-plan.ts";
import { CommandFailure } from "./failure.ts";
import { problemLines, problemValue } from "./format/problems.ts";
import type { Output } from "./output.ts";
import { placed, readShadow, saysShadow, type Shadow, type ShadowOptions } from "./shadow-plan.ts";

export interface PlanOptions extends ShadowOptions, AbOptions {
  readonly strategy?: string;
  readonly config?: string;
  readonly steps?: string;
  readonly rollbackOn?: readonly string[];
}

/** How traffic moves to a version; `canary` is what the command line says beside the file. */
export type RolloutPlan =
  | {
      readonly strategy: string;
      readonly isCanary: false;
      readonly deploymentFile: string;
      readonly shadow?: Shadow;
      readonly ab?: Ab;
    }
  | { readonly isCanary: true; readonly deploymentFile: string; readonly canary: Canary };

type Canary = Extract<MessageInitShape<typeof CanarySchema>, { readonly $typeName?: never }>;

/**
 * Checks everything before anything is uploaded. Steps or rules make it a canary.
 * @throws CaxtonError `invalid-argument`; CommandFailure `invalid-deployment-file` or `not-implemented` once the problems were told
 */
export async function readPlan(options: PlanOptions, output: Output): Promise<RolloutPlan> {
  const { config, steps, rollbackOn = [] } = options;
  const read = config === undefined ? undefined : await readDeploymentFile(config);
  const file = read === undefined || config === undefined ? undefined : requireFile(read, config, output);
  const implied = file?.strategy ?? impliedBy(options);
  const strategy = options.strategy ?? implied;
  if (file !== undefined && file.strategy !== strategy) {
    throw new CaxtonError("invalid-argument", `${config} says ${file.strategy}, --strategy says ${strategy}`);
  }
  if (strategy === "ab") {
    const ab = readAb(options, config);
    return { strategy, isCanary: false, deploymentFile: read?.text ?? "", ...(ab === undefined ? {} : { ab }) };
  }
  if (saysAb(options)) {
    const which = "--measure, --better and --share";
    throw new CaxtonError("invalid-argument", `${which} are of an A/B test, the strategy is ${strategy}`);
  }
  if (strategy !== "shadow" && saysShadow(options)) {
    const which = "--duration, --sample, --ignore and --tolerance";
    throw new CaxtonError(
      "invalid-argument",
      `${which} are of a shadow (--strategy shadow), the strategy is ${strategy}`,
    );
  }
  if (strategy === "shadow" && steps === undefined && rollbackOn.length === 0) {
    return { strategy, isCanary: false, shadow: readShadow(options), deploymentFile: read?.text ?? "" };
  }
  if (strategy !== "canary") {
    if (steps === undefined && rollbackOn.length === 0)
      return { strategy, isCanary: false, deploymentFile: read?.text ?? "" };
    throw new CaxtonError("invalid-argument", `--steps and --rollback-on are of a canary, the strategy is ${strategy}`);
  }
  for (const rule of rollbackOn) placed("--rollback-on", rule, parseRule);
  const canary: Canary = {
    ...(steps === undefined ? {} : { steps: placed("--steps", steps, parseSteps).map(stepMessage) }),
    ...(rollbackOn.length === 0 ? {} : { judging: { rollbackOn: [...rollbackOn] } }),
  };
  return { isCanary: true, deploymentFile: read?.text ?? "", canary };
}

function impliedBy({ steps, rollbackOn = [], measure }: PlanOptions): string {
  if (measure !== undefined) return "ab";
  return steps === undefined && rollbackOn.length === 0 ? "direct" : "canary";
}

interface ReadFile {
  readonly text: string;
  readonly parsed: Parsed;
}

/** @throws CaxtonError `invalid-argument` where it cannot be read */
export async function readDeploymentFile(file: string): Promise<ReadFile> {
  try {
    const text = await readFile(file, "utf8");
    return { text, parsed: parseDeploymentFile(text) };
  } catch (error) {
    const { message } = toCaxtonError(error);
    throw new CaxtonError("invalid-argument", `${file} cannot be read: ${message}`, { cause: error });
  }
}

function requireFile(
  { text, parsed: { file, problems } }: ReadFile,
  name: string,
  output: Output,
): NonNullable<Parsed["file"]> {
  for (const line of problemLines(name, text, problems, output.style)) output.note(line);
  if (file !== undefined) return file;
  throw fileFailure([{ name, problems }]);
}

/** People were told of each problem before; `results` is what `--json` prints. */
export function fileFailure(
  files: readonly { readonly name: string; readonly problems: Parsed["problems"] }[],
  results: readonly object[] = files.map(problemValue),
): CommandFailure {
  const errors = files.flatMap(({ problems }) => problems.filter(({ severity }) => severity === "error"));
  const code = errors.every((problem) => problem.code === "not-implemented")
    ? "not-implemented"
    : "invalid-deployment-file";
  const names = files.map(({ name }) => name).join(", ");
  const message = `${names} ${errors.length === 1 ? "has a problem" : `has ${errors.length} problems`}`;
  return new CommandFailure(new CaxtonError(code, message), { files: results });
}

function stepMessage(step: CanaryStep): NonNullable<Canary["steps"]>[number] {
  if (step.kind === "approve") return { approve: true };
  return { share: step.share, ...(step.watchMs === undefined ? {} : { watchMs: step.watchMs }) };
}
