import type { Measure } from "@caxton/deployment/experiment";
import { isPathFault } from "@caxton/deployment/json-path";
import { measureText, parseMeasure } from "@caxton/deployment/measure-text";
import { abShare, abTimes, type AbTimes, watchMaxMs } from "@caxton/deployment/strategy";
import type { Entry, Node } from "./document.ts";
import type { Findings } from "./findings.ts";
import { TextFault } from "./problem.ts";
import { durationMs, percent } from "./quantity.ts";
import { validateMaxMs } from "./stages.ts";

export interface AbPlan extends AbTimes {
  readonly share: number;
  readonly measure: Measure;
}

export const abKeys = ["share", "duration", "measure", "validate", "cleanup"];
const measureKeys = ["path", "kind", "better"];
const directions = ["higher", "lower"] as const;

/** An A/B test as a deployment file says it; what is left out is half of the messages for an hour. */
export function readAb(entries: readonly Entry[], at: Node["at"], findings: Findings): AbPlan | undefined {
  const entryOf = (key: string): Entry | undefined => entries.find((entry) => entry.key === key);
  const share = entryOf("share");
  const measure = entryOf("measure");
  const time = (key: string, maxMs: number, zero = false): number | undefined => {
    const entry = entryOf(key);
    return entry && readTime(entry, { maxMs, zero }, findings);
  };
  const validateMs = time("validate", validateMaxMs) ?? abTimes.validateMs;
  const duration = time("duration", watchMaxMs) ?? abTimes.durationMs;
  const cleanupMs = time("cleanup", watchMaxMs, true) ?? abTimes.cleanupMs;
  const part = (share && readPart(share, findings)) ?? abShare;
  if (measure === undefined) {
    return findings.error(at, "there is no measure, such as 'measure: $.score': what is compared");
  }
  const read = readMeasure(measure, findings);
  return read && { share: part, measure: read, validateMs, durationMs: duration, cleanupMs };
}

/** `50%`, less than all. @throws TextFault */
export function partOf(text: string): number {
  const share = percent(text);
  if (share > 0 && share < 1) return share;
  throw new TextFault(0, `'${text}' leaves one version nothing: above 0% and below 100%`);
}

/** `$.score of assessment`. @throws TextFault */
export function measureOf(text: string, better: Measure["better"]): Measure {
  const parsed = parseMeasure(text, better);
  if (isPathFault(parsed)) throw new TextFault(parsed.offset, parsed.message);
  return parsed;
}

function readPart({ keyAt, value }: Entry, findings: Findings): number | undefined {
  if (value.kind !== "text") return findings.error(keyAt, "share needs a part of the messages, such as share: 50%");
  return findings.attempt(value.at, () => partOf(value.text));
}

function readTime(
  { key, keyAt, value }: Entry,
  bounds: { readonly maxMs: number; readonly zero: boolean },
  findings: Findings,
): number | undefined {
  if (value.kind !== "text") return findings.error(keyAt, `${key} needs a time, such as ${key}: 30s`);
  return findings.attempt(value.at, () => durationMs(value.text, bounds));
}

/** In a line (`$.score of assessment`), or as a map of `path`, `kind` and `better`. */
function readMeasure({ keyAt, value }: Entry, findings: Findings): Measure | undefined {
  if (value.kind === "text") return findings.attempt(value.at, () => measureOf(value.text, "higher"));
  if (value.kind !== "map") return findings.error(keyAt, "measure needs a path or a kind", { allowed: measureKeys });
  const texts: Record<string, Node & { readonly kind: "text" }> = {};
  for (const { key, keyAt: at, value: one } of value.entries) {
    if (!measureKeys.includes(key)) findings.unknown(at, key, "key of a measure", measureKeys);
    else if (one.kind !== "text") findings.error(at, `${key} needs a word`);
    else texts[key] = one;
  }
  const { path, kind, better } = texts;
  const direction = better === undefined ? "higher" : directions.find((one) => one === better.text);
  if (direction === undefined && better !== undefined)
    findings.unknown(better.at, better.text, "direction", directions);
  if (path !== undefined) {
    const read = findings.attempt(path.at, () => measureOf(path.text, direction ?? "higher"));
    return read?.kind === "mean" && kind !== undefined ? { ...read, output: kind.text } : read;
  }
  if (kind !== undefined) return { kind: "rate", output: kind.text, better: direction ?? "higher" };
  // What was meant for one of them was told of already.
  if (value.entries.some(({ key }) => !measureKeys.includes(key))) return undefined;
  return findings.error(keyAt, "measure needs a path or a kind", { allowed: measureKeys });
}

/** As a line of a plan says it. */
export function abText({ measure }: AbPlan): string {
  return `${measureText(measure)}, ${measure.better} is better`;
}
