import { type CanaryStep, watchMaxMs } from "@caxton/deployment/strategy";
import type { Entry, Node, Place } from "./document.ts";
import type { Findings } from "./findings.ts";
import { durationMs, durationText } from "./quantity.ts";
import { parseShare, watchMsUnlessGiven } from "./share.ts";

export interface Stages {
  readonly steps: readonly CanaryStep[];
  readonly validateMs?: number;
  readonly cleanupMs?: number;
}

const names = ["validate", "canary", "approve", "full", "cleanup"] as const;
type Name = (typeof names)[number];
const ofBlueGreen = ["warm_up", "switch"];
export const validateMaxMs = 3_600_000;

interface Stage {
  readonly name: Name;
  readonly at: Place;
  readonly value: Node;
}

/** The stages of a canary: validate, shares and approvals, full, cleanup. */
export function readStages(list: Node, findings: Findings): Stages {
  if (list.kind !== "list") {
    findings.error(list.at, "stages are a list: one '- ' before each of them", { allowed: names });
    return { steps: [] };
  }
  const stages = list.items.map((item) => stageOf(item, findings)).filter((stage) => stage !== undefined);
  checkOrder(stages, findings);
  let validateMs: number | undefined;
  let cleanupMs: number | undefined;
  let before = 0;
  const steps: CanaryStep[] = [];
  for (const stage of stages) {
    switch (stage.name) {
      case "validate":
        validateMs = readTime(stage, { maxMs: validateMaxMs }, findings);
        break;
      case "cleanup":
        cleanupMs = readTime(stage, { maxMs: watchMaxMs, zero: true }, findings);
        break;
      case "approve":
        if (stage.value.kind !== "nothing")
          findings.error(stage.value.at, "approve stands alone: it waits for a person");
        steps.push({ kind: "approve" });
        break;
      default: {
        const step = readShift(stage, before, findings);
        if (step === undefined) break;
        steps.push(step);
        before = step.share;
      }
    }
  }
  const times = {
    ...(validateMs === undefined ? {} : { validateMs }),
    ...(cleanupMs === undefined ? {} : { cleanupMs }),
  };
  // One that was not understood may be meant for it, and is told already.
  const isUnderstood = list.items.length > 0 && stages.length === list.items.length;
  if (isUnderstood && !stages.some(({ name }) => name === "full")) {
    findings.error(list.at, "there is no 'full: 100%', so that the new version would never get all messages");
  }
  if (list.items.length === 0) findings.error(list.at, "there is no stage", { allowed: names });
  return { steps, ...times };
}

function stageOf(item: Node, findings: Findings): Stage | undefined {
  if (item.kind === "text")
    return named({ key: item.text, keyAt: item.at, value: { kind: "nothing", at: item.at } }, findings);
  if (item.kind !== "map")
    return findings.error(item.at, "a stage is a name and a value, such as canary: 5%", { allowed: names });
  const [entry, second] = item.entries;
  if (second !== undefined) {
    findings.error(second.keyAt, `'${second.key}' needs a '- ' of its own: one stage is one item of the list`);
  }
  return entry === undefined ? undefined : named(entry, findings);
}

function named({ key, keyAt, value }: Entry, findings: Findings): Stage | undefined {
  const name = names.find((each) => each === key);
  if (name !== undefined) return { name, at: keyAt, value };
  if (ofBlueGreen.includes(key)) {
    return findings.error(keyAt, `'${key}' is a stage of blue-green; those of canary are`, { allowed: names });
  }
  return findings.unknown(keyAt, key, "stage of canary", names);
}

const ranks: Readonly<Record<Name, number>> = { validate: 0, canary: 1, approve: 1, full: 2, cleanup: 3 };

function checkOrder(stages: readonly Stage[], findings: Findings): void {
  for (const [index, { name, at }] of stages.entries()) {
    const before = stages[index - 1];
    if (before === undefined) continue;
    const isOnce = ranks[name] !== 1;
    if (ranks[name] > ranks[before.name] || (!isOnce && ranks[name] === ranks[before.name])) continue;
    const twice = isOnce && stages.slice(0, index).some((other) => other.name === name);
    const message = twice ? `'${name}' stands there twice` : `'${name}' cannot follow '${before.name}'`;
    findings.error(at, `${message}; the order is validate, canary and approve, full, cleanup`);
  }
}

function readTime(
  { name, at, value }: Stage,
  bounds: { readonly maxMs: number; readonly zero?: boolean },
  findings: Findings,
): number | undefined {
  if (value.kind !== "text") return findings.error(at, `${name} needs a time, such as ${name}: 30s`);
  return findings.attempt(value.at, () => durationMs(value.text, bounds));
}

function readShift(
  { name, at, value }: Stage,
  before: number,
  findings: Findings,
): (CanaryStep & { kind: "shift" }) | undefined {
  if (value.kind === "nothing" && name === "full") return { kind: "shift", share: 1 };
  if (value.kind !== "text")
    return findings.error(at, `${name} needs a share, such as ${name === "full" ? "full: 100%" : "canary: 5%"}`);
  const written = findings.attempt(value.at, () => parseShare(value.text, "for"));
  if (written === undefined) return undefined;
  const { share } = written;
  const text = `${Number((share * 100).toPrecision(12))}%`;
  if (name === "full" && share !== 1) return findings.error(value.at, `full is all messages, 100%, not ${text}`);
  if (name === "canary" && share === 1) return findings.error(value.at, "all messages are written 'full: 100%'");
  if (share <= before) {
    findings.error(value.at, `${text} follows ${Number((before * 100).toPrecision(12))}%: shares only grow`);
  }
  const watchMs = written.watchMs ?? watchMsUnlessGiven(share, before === 0);
  if (written.watchMs === undefined) checkComment(value, watchMs, findings);
  return { kind: "shift", share, ...(watchMs === undefined ? {} : { watchMs }) };
}

/** A time in a comment looks as if it counted: where it says something else than what does count, that is said. */
function checkComment(
  { comment, text, at }: Node & { readonly kind: "text" },
  watchMs: number | undefined,
  findings: Findings,
): void {
  const written = /\d+(?:\.\d+)?\s*(?:ms|s|m|h|sec|min|minutes?|seconds?|hours?)\b/.exec(comment ?? "")?.[0];
  if (written === undefined) return;
  try {
    if (durationMs(written, { maxMs: watchMaxMs }) === watchMs) return;
  } catch {
    return;
  }
  const counts = watchMs === undefined ? "it is not watched" : `it is watched for ${durationText(watchMs)}`;
  findings.warning(
    at,
    `the comment says ${written}, but comments are not read: ${counts}; write '${text} for ${written}'`,
  );
}
