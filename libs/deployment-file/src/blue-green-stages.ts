import { blueGreenTimes, type BlueGreenTimes, watchMaxMs } from "@caxton/deployment/strategy";
import type { Node, Place } from "./document.ts";
import type { Findings } from "./findings.ts";
import { durationMs } from "./quantity.ts";
import { validateMaxMs } from "./stages.ts";

const names = ["validate", "warm_up", "switch", "cleanup"] as const;
type Name = (typeof names)[number];

/** The stages of blue-green, each at most once and in this order; what is left out is as in the ADR. */
export function readBlueGreenStages(list: Node, findings: Findings): BlueGreenTimes {
  let times = blueGreenTimes;
  if (list.kind !== "list" || list.items.length === 0) {
    findings.error(list.at, "stages are a list: one '- ' before each of them", { allowed: names });
    return times;
  }
  let before: Name | undefined;
  for (const item of list.items) {
    const stage = stageOf(item, findings);
    if (stage === undefined) continue;
    const { name, at, value } = stage;
    if (before !== undefined && names.indexOf(name) <= names.indexOf(before)) {
      const message = name === before ? `'${name}' stands there twice` : `'${name}' cannot follow '${before}'`;
      findings.error(at, `${message}; the order is ${names.join(", ")}`);
    }
    before = name;
    times = { ...times, ...timeOf(name, at, value, findings) };
  }
  return times;
}

function stageOf(
  item: Node,
  findings: Findings,
): { readonly name: Name; readonly at: Place; readonly value: Node } | undefined {
  const [entry, second] =
    item.kind === "map"
      ? item.entries
      : item.kind === "text"
        ? [{ key: item.text, keyAt: item.at, value: { kind: "nothing", at: item.at } as const }]
        : [];
  if (entry === undefined)
    return findings.error(item.at, "a stage is a name and a value, such as warm_up: 60s", { allowed: names });
  if (second !== undefined)
    findings.error(second.keyAt, `'${second.key}' needs a '- ' of its own: one stage is one item of the list`);
  const { key, keyAt, value } = entry;
  const name = names.find((each) => each === key);
  if (name !== undefined) return { name, at: keyAt, value };
  if (["canary", "full", "approve"].includes(key))
    return findings.error(keyAt, `'${key}' is a stage of canary; those of blue-green are`, { allowed: names });
  return findings.unknown(keyAt, key, "stage of blue-green", names);
}

function timeOf(name: Name, at: Place, value: Node, findings: Findings): Partial<BlueGreenTimes> {
  if (name === "switch") {
    if (value.kind !== "text" || value.text !== "instant")
      findings.error(value.kind === "text" ? value.at : at, "the switch is all messages at once", {
        allowed: ["instant"],
      });
    return {};
  }
  if (value.kind !== "text") {
    findings.error(at, `${name} needs a time, such as ${name}: 30s`);
    return {};
  }
  const bounds = { maxMs: name === "cleanup" ? watchMaxMs : validateMaxMs, zero: name === "cleanup" };
  const ms = findings.attempt(value.at, () => durationMs(value.text, bounds));
  if (ms === undefined) return {};
  if (name === "validate") return { validateMs: ms };
  return name === "warm_up" ? { warmUpMs: ms } : { cleanupMs: ms };
}
