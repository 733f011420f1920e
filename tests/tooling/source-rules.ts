import { basename, dirname } from "node:path/posix";
import type { SourceFile } from "./source-tree.ts";

/** What the linter has no rule for; each finding says where and what to do instead. */
type SourceRule = (file: SourceFile) => readonly string[];

export const MAX_LINES = 400;
export const MAX_MEDIAN_LINES = 100;

const VAGUE_FOLDERS = new Set(["utils", "util", "common", "shared", "helpers", "helper", "misc"]);
const PURE = /^(libs\/deployment\/src|(libs|services)\/[^/]+\/src\/(.+\/)?core)\//;

function linesWith(pattern: RegExp, advice: string): SourceRule {
  return ({ path, lines }) =>
    lines.flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${advice}`] : []));
}

const noDoubleAssertion = linesWith(/\bas\s+unknown\s+as\b/, "asserts through unknown: parse or narrow the value");
const noClock = linesWith(/\bnew Date\(\s*\)|\bDate\(\s*\)/, "reads the clock in core code: take the time as a value");

const isPureCode: SourceRule = (file) => (PURE.test(file.path) && !file.path.endsWith(".test.ts") ? noClock(file) : []);

const LOG_CALL = /\blog(?:ger)?\.(?:trace|debug|info|warn|error|fatal|child)\(\s*\{([^{}]*)\}/g;
const LOG_FIELD = /^(?:agent|agentId|deployment|deploymentId)$|[a-z][A-Z]/;

/** The ADR's names in every log line: `agent_id`, `deployment_id`, and so on in snake_case. */
const logsWithTheAdrsNames: SourceRule = ({ path, lines }) => {
  if (!/^(libs|services)\//.test(path)) return [];
  return [...lines.join("\n").matchAll(LOG_CALL)].flatMap(([, fields = ""]) =>
    fields
      .split(",")
      .map((field) => field.split(":")[0]?.trim() ?? "")
      .filter((name) => !name.startsWith("...") && LOG_FIELD.test(name))
      .map(
        (name) =>
          `${path} logs a field '${name}': log fields are in snake_case, an agent is agent_id, a deployment deployment_id`,
      ),
  );
};

const isNotTooLong: SourceRule = ({ path, lines }) =>
  lines.length > MAX_LINES ? [`${path} has ${lines.length} lines, at most ${MAX_LINES}: split it`] : [];

const hasNoVagueFolder: SourceRule = ({ path }) =>
  dirname(path)
    .split("/")
    .filter((folder) => VAGUE_FOLDERS.has(folder))
    .map((folder) => `${path} lies in a folder called ${folder}: name it after what is in it`);

const isNoIndex: SourceRule = ({ path }) =>
  basename(path) === "index.ts" ? [`${path} is an index file: import from where things are`] : [];

/** A foreign type may be passed on by the one lib that imports its package. */
const doesNotReExport = linesWith(
  /^export\s+(type\s+)?(\*|\{[^}]*\})[^;]*\bfrom "(\.|@caxton\/)/,
  "re-exports: import from where it is",
);

const RULES = [
  logsWithTheAdrsNames,
  noDoubleAssertion,
  isPureCode,
  isNotTooLong,
  hasNoVagueFolder,
  isNoIndex,
  doesNotReExport,
];

export function breaches(file: SourceFile): readonly string[] {
  return RULES.flatMap((rule) => rule(file));
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle - 1)] ?? 0)) / 2;
}
