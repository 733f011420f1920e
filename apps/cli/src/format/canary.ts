import type { StepDecision, StepProgress, StepStory } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import type { Deployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { unixMs } from "../wire-json.ts";
import { abResultLines } from "./ab-result.ts";
import { findingText, percentText, samplesText, verdictLines, verdictSamples } from "./metric.ts";
import { inWords, seconds, shortly } from "./quantity.ts";
import type { Style } from "./style.ts";

interface Told {
  readonly atMs: number;
  readonly lines: readonly string[];
}

/** What is told of the steps of a canary, in the order in which it came to pass: what was told stays as it was. */
export function canaryLines(deployment: Deployment, style: Style): readonly string[] {
  return deployment.steps.flatMap((step) => {
    if (step.startedAt === undefined || (step.kind !== "shift" && step.kind !== "approve")) return [];
    const told = [
      ...startOf(step, deployment, style),
      ...step.decisions.map((one) => decisionOf(one, step, deployment, style)),
    ];
    return told.toSorted((a, b) => a.atMs - b.atMs).flatMap(({ lines }) => lines);
  });
}

function startOf(step: StepStory, { timings, steps, strategy }: Deployment, style: Style): readonly Told[] {
  const { share, watchMs, appliedMs } = step;
  const isLast = share === 1 && watchMs === undefined;
  if (step.kind !== "shift" || appliedMs === undefined || isLast) return [];
  const isFirst = steps.find(({ kind }) => kind === "shift") === step;
  const tookMs = isFirst ? (timings?.deployMs ?? appliedMs) : appliedMs;
  const lines = [
    `${style.good("✓")} ${strategy === "ab" ? "A/B test with" : "Canary"} ${percentText(share)} started (${seconds(tookMs)})`,
    ...(watchMs === undefined
      ? []
      : [`→ ${strategy === "ab" ? "Comparing" : "Monitoring"} for ${inWords(watchMs)}...`]),
  ];
  return [{ atMs: (unixMs(step.startedAt) ?? 0) + appliedMs, lines }];
}

function decisionOf(decision: StepDecision, step: StepStory, deployment: Deployment, style: Style): Told {
  return { atMs: unixMs(decision.at) ?? 0, lines: decisionLines(decision, step, deployment, style) };
}

function decisionLines(
  { decision, by, reason, verdict }: StepDecision,
  step: StepStory,
  deployment: Deployment,
  style: Style,
): readonly string[] {
  const name = deployment.version === "" ? deployment.id : deployment.version;
  const said = `by ${by}${reason === "" ? "" : `: ${reason}`}`;
  const thisStep = `--step ${step.number}`;
  switch (decision) {
    case "promoted":
      return [
        ...(by === "" ? verdictLines(verdict, style) : [`→ Promoted ${said}`]),
        ...promoting(nextShare(step, deployment), style),
      ];
    case "promoted-fully":
      return [`→ Promoted to all messages ${said}`, ...promoting(1, style)];
    case "held":
      return [
        ...verdictLines(verdict, style),
        `→ Held at ${percentText(step.share)} until there is a verdict; or decide: caxton promote ${name} ${thisStep}, caxton abort ${name}`,
        ...holdEnd(deployment),
      ];
    case "rolled-back":
      return verdictLines(verdict, style);
    case "paused":
      return [`→ Paused ${said}`, `→ Go on: caxton resume ${name}`];
    case "resumed":
      return [`→ Resumed ${said}`];
    case "approval-awaited":
      if (deployment.abReport !== undefined) return abResultLines(deployment.abReport, style);
      return [`→ Waiting for an approval`, `→ Approve it: caxton approve ${name} ${thisStep}`];
    case "approved":
      return [`→ Approved ${said}`, ...promoting(nextShare(step, deployment), style)];
    default:
      return [];
  }
}

function promoting(share: number | undefined, style: Style): readonly string[] {
  return share === undefined ? [] : [`${style.good("✓")} Promoting to ${percentText(share)}...`];
}

/** Of the step behind it, where that is a share. */
function nextShare({ number }: StepStory, { steps }: Deployment): number | undefined {
  const next = steps.find((step) => step.number === number + 1);
  return next?.kind === "shift" ? next.share : undefined;
}

function holdEnd({ judging }: Deployment): readonly string[] {
  if (judging?.onInconclusive !== "rollback" || judging.maxHoldMs === undefined) return [];
  return [`→ Without one it is taken back in ${inWords(judging.maxHoldMs)}`];
}

/** What a canary is doing at this moment, for a line that is drawn over. */
export function canaryProgress(
  { step, strategy }: Deployment,
  progress: StepProgress | undefined,
  nowMs: number,
): string {
  if (step === undefined) return "";
  if (step.kind === "approve")
    return `Waiting for ${strategy === "ab" ? "a decision" : "an approval"} (step ${step.number} of ${step.of})`;
  const seen = progress?.step === step.number ? progress : undefined;
  const numbers =
    seen?.verdict === undefined
      ? []
      : [samplesText(verdictSamples(seen.verdict)), ...seen.verdict.findings.map(findingText)];
  return [
    `${strategy === "ab" ? "A/B test with" : "Canary"} ${percentText(step.share)} ${timeText(step, nowMs)}`,
    ...numbers,
  ].join(" · ");
}

function timeText({ watchedUntil, heldSince, pausedSince }: NonNullable<Deployment["step"]>, nowMs: number): string {
  if (pausedSince !== undefined) return "paused";
  if (heldSince !== undefined) return `held for ${shortly(nowMs - (unixMs(heldSince) ?? nowMs))}`;
  const untilMs = unixMs(watchedUntil);
  if (untilMs === undefined) return "on its way to the routers";
  return untilMs > nowMs ? `${shortly(untilMs - nowMs)} left` : "waiting for a verdict";
}
