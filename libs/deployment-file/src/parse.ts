import { type Judging, defaultJudging, defaultRules, type Rule } from "@caxton/deployment/judging";
import { blueGreenTimes, type BlueGreenTimes, canarySteps, canaryTimes, watchMaxMs } from "@caxton/deployment/strategy";
import { abKeys, type AbPlan, readAb } from "./ab.ts";
import { readBlueGreenStages } from "./blue-green-stages.ts";
import { type Entry, type Node, readYaml } from "./document.ts";
import { Findings } from "./findings.ts";
import type { Problem } from "./problem.ts";
import { durationMs } from "./quantity.ts";
import { parseRule } from "./rule.ts";
import { readShadow, type ShadowFile, shadowKeys } from "./shadow.ts";
import { readStages, type Stages } from "./stages.ts";

/** What a deployment file asks for, with nothing left out. */
export type DeploymentFile =
  | { readonly strategy: "direct" }
  | ({ readonly strategy: "blue-green" } & BlueGreenTimes)
  | ({ readonly strategy: "ab"; readonly judging: Judging } & AbPlan)
  | ({ readonly strategy: "canary"; readonly judging: Judging } & Required<Stages>)
  | ({ readonly strategy: "shadow" } & ShadowFile);

export interface Parsed {
  /** Absent where there is an error among the problems. */
  readonly file?: DeploymentFile;
  /** All of them, in the order of the text. */
  readonly problems: readonly Problem[];
}

/** Largest file, in characters. */
export const fileMaxCharacters = 64 * 1024;

const served = ["direct", "canary", "blue-green", "ab", "shadow"] as const;
type Served = (typeof served)[number];
const canaryKeys = ["strategy", "stages", "rollback_on", "on_inconclusive", "max_hold", "on_canary_failure"];
const keysOf: Readonly<Record<Served, readonly string[]>> = {
  direct: ["strategy"],
  canary: canaryKeys,
  "blue-green": ["strategy", "stages"],
  shadow: shadowKeys,
  ab: ["strategy", ...abKeys, "rollback_on", "on_canary_failure"],
};

/** Reads the YAML of ADR 0008, section 3, with its indentation and without. */
export function parseDeploymentFile(text: string): Parsed {
  const findings = new Findings();
  const file = read(text, findings);
  const { problems } = findings;
  const isWrong = file === undefined || problems.some(({ severity }) => severity === "error");
  return isWrong ? { problems } : { file, problems };
}

function read(text: string, findings: Findings): DeploymentFile | undefined {
  const begin = { line: 1, column: 1 };
  if (text.length > fileMaxCharacters) {
    return findings.error(begin, `the file has ${text.length} characters, at most ${fileMaxCharacters} are read`);
  }
  const yaml = readYaml(text);
  if ("problems" in yaml) {
    for (const { at, message } of yaml.problems) findings.error(at, message);
    return undefined;
  }
  const entries = entriesOf(yaml.root, findings);
  if (entries === undefined) return undefined;
  const strategy = readStrategy(entries, yaml.root, findings);
  if (strategy === undefined) return undefined;
  const keys = keysOf[strategy];
  for (const { key, keyAt } of entries) {
    if (keys.includes(key)) continue;
    if (canaryKeys.includes(key)) findings.error(keyAt, `'${key}' is of strategy canary; this is ${strategy}`);
    else findings.unknown(keyAt, key, `key of ${strategy === "ab" ? "an" : "a"} ${strategy} deployment`, keys);
  }
  switch (strategy) {
    case "direct":
      return { strategy };
    case "blue-green":
      return readBlueGreen(entries, findings);
    case "ab":
      return readTest(entries, yaml.root, findings);
    case "canary":
      return readCanary(entries, findings);
    case "shadow":
      return { strategy, ...readShadow(entries, findings) };
  }
}

/** What is under `deployment:`, or beside it where the indentation was lost. */
function entriesOf(root: Node, findings: Findings): readonly Entry[] | undefined {
  if (root.kind !== "map") {
    const found = root.kind === "nothing" ? "the file is empty" : "this is no deployment";
    return findings.error(root.at, `${found}; it begins with 'deployment:' and says its strategy`, {
      allowed: canaryKeys,
    });
  }
  const deployment = root.entries.find(({ key }) => key === "deployment");
  if (deployment === undefined) return root.entries;
  const beside = root.entries.filter((entry) => entry !== deployment);
  if (deployment.value.kind === "nothing") return beside;
  if (deployment.value.kind !== "map") {
    return findings.error(deployment.value.at, "under 'deployment:' stand its strategy and stages", {
      allowed: canaryKeys,
    });
  }
  for (const { key, keyAt } of beside) {
    if (canaryKeys.includes(key))
      findings.error(keyAt, `'${key}' stands beside 'deployment:' and not under it: indent it as the others`);
    else findings.unknown(keyAt, key, "key beside 'deployment'", ["deployment"]);
  }
  return deployment.value.entries;
}

function readStrategy(entries: readonly Entry[], root: Node, findings: Findings): Served | undefined {
  const entry = entries.find(({ key }) => key === "strategy");
  if (entry === undefined) return findings.error(root.at, "there is no strategy", { allowed: served });
  const { value, keyAt } = entry;
  if (value.kind !== "text") return findings.error(keyAt, "strategy needs a name", { allowed: served });
  const strategy = served.find((one) => one === value.text);
  if (strategy !== undefined) return strategy;
  return findings.unknown(value.at, value.text, "strategy", served);
}

function readBlueGreen(entries: readonly Entry[], findings: Findings): DeploymentFile {
  const stages = entries.find(({ key }) => key === "stages");
  const times = stages === undefined ? blueGreenTimes : readBlueGreenStages(stages.value, findings);
  return { strategy: "blue-green", ...times };
}

function readTest(entries: readonly Entry[], root: Node, findings: Findings): DeploymentFile | undefined {
  const plan = readAb(entries, root.at, findings);
  const judging = readJudging(entries, findings);
  return plan && { strategy: "ab", ...plan, judging };
}

function readCanary(entries: readonly Entry[], findings: Findings): DeploymentFile {
  const stages = entries.find(({ key }) => key === "stages")?.value;
  return {
    strategy: "canary",
    ...canaryTimes,
    steps: canarySteps,
    ...(stages === undefined ? {} : readStages(stages, findings)),
    judging: readJudging(entries, findings),
  };
}

function readJudging(entries: readonly Entry[], findings: Findings): Judging {
  const valueOf = (key: string): Node | undefined => entries.find((entry) => entry.key === key)?.value;
  const rules = valueOf("rollback_on");
  const maxHold = valueOf("max_hold");
  const { onInconclusive, maxHoldMs, onFailure } = defaultJudging;
  return {
    rollbackOn: rules === undefined ? defaultRules : readRules(rules, findings),
    onInconclusive:
      readChoice("on_inconclusive", valueOf("on_inconclusive"), ["hold", "rollback"], findings) ?? onInconclusive,
    maxHoldMs: (maxHold === undefined ? undefined : readMaxHold(maxHold, findings)) ?? maxHoldMs,
    onFailure:
      readChoice("on_canary_failure", valueOf("on_canary_failure"), ["fallback", "deadletter"], findings) ?? onFailure,
  };
}

function readRules(list: Node, findings: Findings): readonly Rule[] {
  if (list.kind !== "list" || list.items.length === 0) {
    findings.error(
      list.at,
      "rollback_on is a list of rules, such as '- error_rate > 1%'; without it the ADR's rules hold",
    );
    return [];
  }
  return list.items
    .map((item) => {
      if (item.kind !== "text") return findings.error(item.at, "a rule is one line, such as error_rate > 1%");
      return findings.attempt(item.at, () => parseRule(item.text));
    })
    .filter((rule) => rule !== undefined);
}

function readChoice<Choice extends string>(
  key: string,
  node: Node | undefined,
  choices: readonly Choice[],
  findings: Findings,
): Choice | undefined {
  if (node === undefined) return undefined;
  if (node.kind !== "text") return findings.error(node.at, `${key} needs a word`, { allowed: choices });
  return (
    choices.find((choice) => choice === node.text) ?? findings.unknown(node.at, node.text, `value of ${key}`, choices)
  );
}

function readMaxHold(node: Node, findings: Findings): number | undefined {
  if (node.kind !== "text") return findings.error(node.at, "max_hold needs a time, such as max_hold: 30m");
  return findings.attempt(node.at, () => durationMs(node.text, { maxMs: watchMaxMs }));
}
