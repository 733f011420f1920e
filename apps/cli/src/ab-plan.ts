import type { MessageInitShape } from "@bufbuild/protobuf";
import { CaxtonError } from "@caxton/contracts/errors";
import type { AbTestSchema } from "@caxton/contracts/gen/caxton/v1/ab_pb.js";
import { measureText } from "@caxton/deployment/measure-text";
import { watchMaxMs } from "@caxton/deployment/strategy";
import { measureOf, partOf } from "@caxton/deployment-file/ab";
import { durationMs } from "@caxton/deployment-file/quantity";
import { parseRule } from "@caxton/deployment-file/rule";
import { placed, type ShadowOptions } from "./shadow-plan.ts";

/** What the command line says of an A/B test; how long it goes on is said as of a shadow. */
export interface AbOptions extends ShadowOptions {
  readonly steps?: string;
  readonly rollbackOn?: readonly string[];
  readonly share?: string;
  readonly measure?: string;
  readonly better?: string;
}

export type Ab = Extract<MessageInitShape<typeof AbTestSchema>, { readonly $typeName?: never }>;

export function saysAb({ share, measure, better }: AbOptions): boolean {
  return [share, measure, better].some((option) => option !== undefined);
}

/**
 * undefined where its deployment file says everything.
 * @throws CaxtonError `invalid-argument` naming the option, its value and the character that is wrong
 */
export function readAb(options: AbOptions, file: string | undefined): Ab | undefined {
  const { steps, rollbackOn = [], share, duration, measure, better = "higher" } = options;
  const stray = (["sample", "ignore", "tolerance"] as const).find((name) => options[name] !== undefined);
  if (stray !== undefined) wrong(`--${stray} is of a shadow, the strategy is ab`);
  if (steps !== undefined) wrong("--steps are of a canary, the strategy is ab");
  if (file !== undefined) {
    if (!saysAb(options) && duration === undefined && rollbackOn.length === 0) return undefined;
    wrong(`${file} says how the A/B test goes: leave --measure, --better, --share, --duration and --rollback-on out`);
  }
  if (measure === undefined) wrong("an A/B test needs a --measure, such as '$.score' or 'rate of alert'");
  if (better !== "higher" && better !== "lower") wrong(`--better is higher or lower, not '${better}'`);
  for (const rule of rollbackOn) placed("--rollback-on", rule, parseRule);
  return {
    measure: measureText(placed("--measure", measure, (text) => measureOf(text, better))),
    better,
    ...(share === undefined ? {} : { share: placed("--share", share, partOf) }),
    ...(duration === undefined
      ? {}
      : { durationMs: placed("--duration", duration, (text) => durationMs(text, { maxMs: watchMaxMs })) }),
    ...(rollbackOn.length === 0 ? {} : { judging: { rollbackOn: [...rollbackOn] } }),
  };
}

function wrong(message: string): never {
  throw new CaxtonError("invalid-argument", message);
}
