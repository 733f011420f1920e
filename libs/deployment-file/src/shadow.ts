import {
  type Comparison,
  comparisons,
  defaultShadow,
  ignoredMax,
  shadowDurationMs,
  type ShadowSettings,
} from "@caxton/deployment/shadow/settings";
import { readPath } from "@caxton/deployment/shadow/path";
import { shadowMaxMs } from "@caxton/deployment/strategy";
import type { Entry, Node } from "./document.ts";
import type { Findings } from "./findings.ts";
import { TextFault } from "./problem.ts";
import { durationMs, percent } from "./quantity.ts";

/** What a deployment file of a shadow says, with nothing left out. */
export interface ShadowFile extends ShadowSettings {
  readonly durationMs: number;
}

export const shadowKeys = ["strategy", "duration", "compare", "sample", "ignore", "tolerance"];

/** ADR section 3: how long, and what is compared. */
export function readShadow(entries: readonly Entry[], findings: Findings): ShadowFile {
  const read = <Value>(key: string, reader: (text: string) => Value): Value | undefined => {
    const entry = entries.find((one) => one.key === key);
    if (entry === undefined) return undefined;
    const { value } = entry;
    if (value.kind !== "text") return findings.error(entry.keyAt, `${key} needs a value, such as ${examples[key]}`);
    return findings.attempt(value.at, () => reader(value.text));
  };
  const valueOf = (key: string): Node | undefined => entries.find((entry) => entry.key === key)?.value;
  const compare = valueOf("compare");
  const ignore = valueOf("ignore");
  return {
    durationMs: read("duration", parseShadowDuration) ?? shadowDurationMs,
    compare: compare === undefined ? defaultShadow.compare : readComparisons(compare, findings),
    sample: read("sample", parseSample) ?? defaultShadow.sample,
    ignore: ignore === undefined ? defaultShadow.ignore : readPaths(ignore, findings),
    tolerance: read("tolerance", parseTolerance) ?? defaultShadow.tolerance,
  };
}

const examples: Readonly<Record<string, string>> = {
  duration: "duration: 1h",
  sample: "sample: 10%",
  tolerance: "tolerance: 0.1%",
};

/** `1h`, in ms. @throws TextFault */
export function parseShadowDuration(text: string): number {
  return durationMs(text, { maxMs: shadowMaxMs });
}

/** `10%`, as a share. @throws TextFault */
export function parseSample(text: string): number {
  const share = percent(text);
  if (share > 0 && share <= 1) return share;
  throw new TextFault(0, `'${text}' is no sample: above 0% and at most 100%`);
}

/** `0.1%` or `1e-9`, as a share. @throws TextFault */
export function parseTolerance(text: string): number {
  const share = /^\d+(?:\.\d+)?(?:e-?\d+)?$/i.test(text) ? Number(text) : percent(text);
  if (share < 1) return share;
  throw new TextFault(0, `'${text}' is no tolerance: a share of the larger number below 100%, such as 0.1% or 1e-9`);
}

/** A path as it is written, once it can be read. @throws TextFault */
export function parsePath(text: string): string {
  const read = readPath(text);
  if (read.ok) return text;
  throw new TextFault(read.offset, read.message, [], read.nearest);
}

function readComparisons(list: Node, findings: Findings): readonly Comparison[] {
  if (list.kind !== "list" || list.items.length === 0) {
    findings.error(list.at, "compare is a list of what is compared", { allowed: comparisons });
    return comparisons;
  }
  return list.items
    .map((item) => {
      if (item.kind !== "text") return findings.error(item.at, "a comparison is one word", { allowed: comparisons });
      const known = comparisons.find((one) => one === item.text);
      return known ?? findings.unknown(item.at, item.text, "comparison", comparisons);
    })
    .filter((one) => one !== undefined);
}

function readPaths(list: Node, findings: Findings): readonly string[] {
  if (list.kind !== "list") {
    findings.error(list.at, "ignore is a list of paths, such as ignore: [$.timestamp]");
    return [];
  }
  if (list.items.length > ignoredMax)
    findings.error(list.at, `at most ${ignoredMax} paths are ignored, these are ${list.items.length}`);
  return list.items
    .map((item) => {
      if (item.kind !== "text")
        return findings.error(item.at, "a path is one line, such as $.items[*].at; in quotes where it has brackets");
      return findings.attempt(item.at, () => parsePath(item.text));
    })
    .filter((path) => path !== undefined);
}
