import type { Deployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { StepProgress } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import { blueGreenLines, warmUpProgress } from "./blue-green.ts";
import { canaryLines, canaryProgress } from "./canary.ts";
import { nextStepFor } from "./next-step.ts";
import { inWords, seconds } from "./quantity.ts";
import { rollbackLines } from "./rollback.ts";
import { keptText } from "./settings.ts";
import { shadowProgress, shadowProgressLines } from "./shadow-progress.ts";
import type { Style } from "./style.ts";

const validationStages: readonly string[] = ["static", "sandbox", "contracts", "resources"];

/** How a rollout ended, seen by who asked for it. */
export type RolloutEnd = "running" | "failed" | "taken-back";

/** What became of it; undefined while it is on its way, there or back. */
export function rolloutEnd({ state, runningAt, rollbackReason }: Deployment): RolloutEnd | undefined {
  if (state === "Failed") return "failed";
  if (state === "RolledBack") return "taken-back";
  if (rollbackReason !== "") return undefined;
  // A deployment that ran may be replaced by the next one at once.
  return state === "Running" || state === "Retired" || runningAt !== undefined ? "running" : undefined;
}

/** The ADR's lines, as far as they are true by now; what was said before stays as it was. */
export function rolloutLines(deployment: Deployment, style: Style): readonly string[] {
  const { version, timings, runningAt, kept } = deployment;
  const isCanary = isTrial(deployment) && deployment.replaces !== "";
  const isSwitched = deployment.strategy === "blue-green" && deployment.replaces !== "";
  return [
    ...(kept === undefined ? [] : [`→ Kept: ${keptText(kept)}`]),
    ...(version === "" ? [] : [`${style.good("✓")} Validation passed${took(timings?.validationMs)}`]),
    ...(isCanary ? canaryLines(deployment, style) : []),
    ...(deployment.strategy === "blue-green" ? blueGreenLines(deployment, style) : []),
    ...shadowProgressLines(deployment, style),
    ...(runningAt === undefined
      ? []
      : [
          ...(isSwitched
            ? []
            : [`${style.good("✓")} Agent deployed${took(isCanary ? lastShareMs(deployment) : timings?.deployMs)}`]),
          `→ Agent ID: ${style.strong(version)}`,
          "→ Receiving messages",
          ...wayBackLines(deployment),
        ]),
    ...backLines(deployment, style),
  ];
}

/** The version before is there a while longer. */
function wayBackLines({ steps, replaces, version }: Deployment): readonly string[] {
  const cleanupMs = steps.find(({ kind }) => kind === "finalize")?.cleanupMs ?? 0;
  if (replaces === "" || cleanupMs === 0) return [];
  return [`→ ${replaces} stays warm for ${inWords(cleanupMs)}: caxton rollback ${version}`];
}

function lastShareMs({ steps }: Deployment): number | undefined {
  return steps.findLast(({ kind, startedAt }) => kind === "shift" && startedAt !== undefined)?.appliedMs;
}

/** Of one that was under way: who or what took it back, then the ADR's lines. */
function backLines(deployment: Deployment, style: Style): readonly string[] {
  const { rollback } = deployment;
  if (rollback === undefined) return [];
  const { cause, by, reason } = rollback;
  const why =
    cause === "manual" ? `→ Rolling back, asked for by ${by}: ${reason}` : `${style.bad("✗")} Rolling back: ${reason}`;
  return [why, ...rollbackLines(deployment, style)];
}

/** Why a rollout did not end well, finding by finding, and what to do next. */
export function refusalLines(deployment: Deployment, style: Style): readonly string[] {
  const { failure, rollbackReason } = deployment;
  if (deployment.state === "RolledBack") {
    // A rollback was told of already; one that had no version yet was only taken out of the line.
    return deployment.rollback === undefined
      ? [`${style.bad("✗")} Taken back: ${rollbackReason}`]
      : [`→ Why: caxton explain ${deployment.version || deployment.id}`];
  }
  const { stage = "unknown", code = "internal", reason = "" } = failure ?? {};
  const isValidation = validationStages.includes(stage) || stage === "validate";
  const findings = findingsOf(deployment);
  const nextStep = nextStepFor(code);
  return [
    `${style.bad("✗")} ${isValidation ? "Validation" : "Deployment"} failed at ${stage}: ${code}`,
    ...(findings.length > 0 ? findings : [reason]).map((finding) => `  ${finding}`),
    ...(nextStep === undefined ? [] : [`→ Next: ${nextStep}`]),
  ];
}

/** What the spinner says while nothing else happens. */
export function progressText(deployment: Deployment, progress?: StepProgress, nowMs = Date.now()): string {
  const { state, queuePlace, step, rollbackReason } = deployment;
  if (state === "Queued") return queueText(queuePlace, deployment.waitsFor);
  if (rollbackReason !== "") return "Rolling back";
  if (deployment.waitsFor !== "") return `${state}, waits: ${deployment.waitsFor}`;
  if (step?.kind === "warm-up") return warmUpProgress(deployment, nowMs);
  if (step?.kind === "shadow") return shadowProgress(step, nowMs);
  if (isTrial(deployment) && deployment.replaces !== "" && (step?.kind === "shift" || step?.kind === "approve")) {
    return canaryProgress(deployment, progress, nowMs);
  }
  return step === undefined ? state : `${state} (${step.kind}, step ${step.number} of ${step.of})`;
}

/** `Queued as 2nd: proc-v3-4f1c2 is on its way (canary 25 %)` */
export function queueText(queuePlace: number, waitsFor: string): string {
  return `Queued as ${ordinal(queuePlace)}${waitsFor === "" ? "" : `: ${waitsFor}`}`;
}

function ordinal(place: number): string {
  const isTeen = Math.trunc(place / 10) % 10 === 1;
  const suffix = isTeen ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return `${place}${suffix}`;
}

function took(ms: number | undefined): string {
  return ms === undefined ? "" : ` (${seconds(ms)})`;
}

/** What every stage of the validation report found, other than for information. */
function findingsOf({ validationReport }: Deployment): readonly string[] {
  return validationStages.flatMap((name) => {
    const findings = property(validationReport?.[name], "findings");
    return Array.isArray(findings) ? findings.flatMap(findingLine) : [];
  });
}

function findingLine(finding: unknown): readonly string[] {
  const severity = property(finding, "severity");
  const message = property(finding, "message");
  if (severity === "info" || typeof message !== "string") return [];
  return [severity === "warning" ? `warning: ${message}` : message];
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

/** It gets a share of the messages first, beside the version before. */
function isTrial({ strategy }: Deployment): boolean {
  return strategy === "canary" || strategy === "ab";
}
