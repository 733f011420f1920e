import { ruleText } from "@caxton/deployment/judging-text";
import type { CanaryStep } from "@caxton/deployment/strategy";
import { abText } from "@caxton/deployment-file/ab";
import type { DeploymentFile } from "@caxton/deployment-file/parse";
import { percentText } from "./metric.ts";
import { inWords } from "./quantity.ts";
import type { Style } from "./style.ts";
import { fields } from "./table.ts";

/** What a deployment file means, also where it does not say it. */
export function planLines(name: string, file: DeploymentFile, style: Style): readonly string[] {
  const good = `${style.good("✓")} ${name}: ${file.strategy}`;
  if (file.strategy === "shadow")
    return [
      good,
      `  ${shadowFileText(file)}`,
      "  It runs beside the live version; its outputs are compared and never sent",
    ];
  if (file.strategy === "direct") return [`${good}, all messages at once`];
  if (file.strategy === "blue-green") {
    const { validateMs, warmUpMs } = file;
    return [
      good,
      ...fields([
        ["  Validation", `${inWords(validateMs)} at most`],
        ["  Warm-up", `on recent messages until its latency is steady, ${inWords(warmUpMs)} at most`],
        ["  Switch", "all messages at once"],
        ["  Way back", wayBackText(file.cleanupMs, "after the switch")],
      ]),
    ];
  }
  if (file.strategy === "ab") {
    return [
      good,
      ...fields([
        ["  Validation", `${inWords(file.validateMs)} at most`],
        ["  Share", `${percentText(file.share)} for ${inWords(file.durationMs)}, then a person decides`],
        ["  Compares", abText(file)],
        ["  Taken back where", file.judging.rollbackOn.map(ruleText).join(", or ")],
        ["  Way back", wayBackText(file.cleanupMs, "once it has all messages")],
      ]),
    ];
  }
  const { steps, validateMs, cleanupMs, judging } = file;
  const { rollbackOn, onInconclusive, maxHoldMs, onFailure } = judging;
  const held =
    onInconclusive === "hold" ? "held until there is one" : `held, and taken back after ${inWords(maxHoldMs)}`;
  const failed =
    onFailure === "fallback" ? "the stable version handles it in the same delivery" : "it is dead-lettered";
  return [
    good,
    ...fields([
      ["  Validation", `${inWords(validateMs)} at most`],
      ["  Steps", steps.map(stepText).join(", then ")],
      ["  Taken back where", rollbackOn.map(ruleText).join(", or ")],
      ["  Without a verdict", held],
      ["  What it fails on", failed],
      ["  Way back", wayBackText(cleanupMs, "once it has all messages")],
    ]),
  ];
}

function wayBackText(cleanupMs: number, from: string): string {
  return cleanupMs === 0 ? `none ${from}` : `the version before stays warm for ${inWords(cleanupMs)}`;
}

function shadowFileText({
  durationMs,
  compare,
  sample,
  ignore,
  tolerance,
}: DeploymentFile & { strategy: "shadow" }): string {
  const ignored = ignore.length === 0 ? "" : `; ignored: ${ignore.join(", ")}`;
  const what = `${compare.join(", ")} on ${percentText(sample)} of the messages for ${inWords(durationMs)}`;
  return `Compares ${what}; numbers within ${tolerance}${ignored}`;
}

function stepText(step: CanaryStep): string {
  if (step.kind === "approve") return "an approval";
  return `${percentText(step.share)}${step.watchMs === undefined ? "" : ` for ${inWords(step.watchMs)}`}`;
}
