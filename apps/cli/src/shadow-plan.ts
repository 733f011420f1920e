import type { MessageInitShape } from "@bufbuild/protobuf";
import { CaxtonError } from "@caxton/contracts/errors";
import type { ShadowSchema } from "@caxton/contracts/gen/caxton/v1/shadow_pb.js";
import { faultText, TextFault } from "@caxton/deployment-file/problem";
import { parsePath, parseSample, parseShadowDuration, parseTolerance } from "@caxton/deployment-file/shadow";

/** What the command line says of a shadow, beside its deployment file. */
export interface ShadowOptions {
  readonly duration?: string;
  readonly sample?: string;
  readonly ignore?: readonly string[];
  readonly tolerance?: string;
}

export type Shadow = Extract<MessageInitShape<typeof ShadowSchema>, { readonly $typeName?: never }>;

export function saysShadow({ duration, sample, ignore, tolerance }: ShadowOptions): boolean {
  return [duration, sample, ignore, tolerance].some((option) => option !== undefined);
}

/** @throws CaxtonError `invalid-argument` naming the option, its value and the character that is wrong */
export function readShadow({ duration, sample, ignore = [], tolerance }: ShadowOptions): Shadow {
  return {
    ...(duration === undefined ? {} : { durationMs: placed("--duration", duration, parseShadowDuration) }),
    ...(sample === undefined ? {} : { sample: placed("--sample", sample, parseSample) }),
    ...(ignore.length === 0 ? {} : { ignore: ignore.map((path) => placed("--ignore", path, parsePath)) }),
    ...(tolerance === undefined ? {} : { tolerance: placed("--tolerance", tolerance, parseTolerance) }),
  };
}

/** What the reader of a small text leaves off at is a problem of its option. @throws CaxtonError `invalid-argument` */
export function placed<Value>(option: string, text: string, parse: (text: string) => Value): Value {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TextFault)) throw error;
    const message = `${option} '${text}', character ${error.offset + 1}: ${faultText(error)}`;
    throw new CaxtonError("invalid-argument", message, { cause: error });
  }
}
