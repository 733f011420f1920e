import type { Measure } from "./experiment.ts";
import { isPathFault, parseJsonPath, type PathFault } from "./json-path.ts";

/** `$.score`, `$.score of assessment` or `rate of alert`. */
export function measureText(measure: Measure): string {
  if (measure.kind === "rate") return `rate of ${measure.output}`;
  return measure.output === undefined ? measure.path : `${measure.path} of ${measure.output}`;
}

/** The reverse; what is wrong with it where it is none. */
export function parseMeasure(text: string, better: Measure["better"]): Measure | PathFault {
  const match = /^(?:(?<path>\$.*?)|rate)(?:\s+of\s+(?<output>\S+))?$/.exec(text.trim());
  const { path, output } = match?.groups ?? {};
  if (path !== undefined) {
    const parsed = parseJsonPath(path);
    if (isPathFault(parsed)) return parsed;
    return { kind: "mean", path, better, ...(output === undefined ? {} : { output }) };
  }
  if (output !== undefined) return { kind: "rate", output, better };
  return { offset: 0, message: `'${text}' is no measure: write $.score, $.score of <kind> or rate of <kind>` };
}
