import { CaxtonError } from "@caxton/contracts/errors";
import { nextStepFor } from "./format/next-step.ts";

/** An error of a command that has something to show all the same; people were told in full before it is thrown. */
export class CommandFailure extends CaxtonError {
  /** Printed with `--json`, with `error` added. */
  readonly result: Readonly<Record<string, unknown>>;

  constructor(error: CaxtonError, result: Readonly<Record<string, unknown>>) {
    super(error.code, error.message, { cause: error });
    this.result = result;
  }
}

/** An error as it is told to people: one line, and what to do next where that was not said before. */
export function failureLines(error: CaxtonError): readonly string[] {
  const nextStep = error instanceof CommandFailure ? undefined : nextStepFor(error.code);
  const message = error.message.replaceAll(/\s*\n\s*/g, " ");
  return [`caxton: ${message} (${error.code})`, ...(nextStep === undefined ? [] : [`  next: ${nextStep}`])];
}

export function failureValue(error: CaxtonError): Record<string, unknown> {
  const { code, message, details } = error;
  const nextStep = nextStepFor(code);
  return {
    ...(error instanceof CommandFailure ? error.result : {}),
    error: {
      code,
      message,
      ...(Object.keys(details).length === 0 ? {} : { details: { ...details } }),
      ...(nextStep === undefined ? {} : { nextStep }),
    },
  };
}
