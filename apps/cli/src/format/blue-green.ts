import type { Deployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { WarmUp } from "@caxton/contracts/gen/caxton/v1/blue_green_pb.js";
import { unixMs } from "../wire-json.ts";
import { duration, seconds, shortly, thousands } from "./quantity.ts";
import type { Style } from "./style.ts";

/** What is told of a warm-up and of the switch, as far as they came to pass. */
export function blueGreenLines(deployment: Deployment, style: Style): readonly string[] {
  const { steps, replaces, version } = deployment;
  const warmUp = steps.find(({ kind }) => kind === "warm-up")?.warmUp;
  const shift = steps.find(({ kind }) => kind === "shift");
  const switched =
    replaces === "" || shift?.appliedMs === undefined
      ? []
      : [
          `${style.good("✓")} Switched from ${replaces} to ${version}, all messages at once (${seconds(shift.appliedMs)})`,
        ];
  return [...(warmUp === undefined ? [] : warmUpLines(warmUp, style)), ...switched];
}

function warmUpLines(warmUp: WarmUp, style: Style): readonly string[] {
  const { ended, tookMs, failed, regressed, crashes, firstFailure } = warmUp;
  const isGood = ended === "steady" || ended === "nothing-to-ask";
  const isBad = ended === "failing" || ended === "crashing" || ended === "unanswered";
  const mark = isGood ? style.good("✓") : isBad ? style.bad("✗") : "→";
  const noted = [
    ...(failed === 0 ? [] : [failedText(failed, regressed)]),
    ...(firstFailure === undefined ? [] : [`${firstFailure.message}: ${firstFailure.code}: ${firstFailure.reason}`]),
    ...(crashes === 0 ? [] : [`its process ended ${crashes === 1 ? "once" : `${crashes} times`}`]),
  ];
  return [`${mark} Warm-up: ${warmUpText(warmUp)} (${seconds(tookMs)})`, ...noted.map((line) => `  ${line}`)];
}

/** `180 messages of the inbox, latency steady at 0.10 ms (0.92 ms at first)` */
export function warmUpText({ source, messages, latencyBeforeMs, latencyAfterMs, ended }: WarmUp): string {
  const what =
    source === "examples"
      ? `${counted(messages, "example")} of the component, the inbox being empty`
      : `${counted(messages, "message")} of the inbox`;
  const before = latencyBeforeMs === undefined ? "" : ` (${duration(latencyBeforeMs)} at first)`;
  const latency = latencyAfterMs === undefined ? "" : ` ${duration(latencyAfterMs)}${before}`;
  switch (ended) {
    case "steady":
      return `${what}, latency steady at${latency}`;
    case "time-over":
      return `${what}, its time was over before the latency was steady${latency === "" ? "" : `, last${latency}`}`;
    case "nothing-to-ask":
      return messages === 0 ? "nothing to ask" : `${what}, none of which it handles`;
    case "failing":
      return `${what}, too many of them fail`;
    case "crashing":
      return `${what}, its processes end again and again`;
    default:
      return "nobody answered";
  }
}

export function failedText(failed: number, regressed: number): string {
  return `failed on ${thousands(failed)} of them, of which the version before had handled ${thousands(regressed)}`;
}

function counted(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${thousands(count)} ${one}s`;
}

/** What is going on while it is warmed up, for a line that is drawn over. */
export function warmUpProgress({ steps }: Deployment, nowMs: number): string {
  const step = steps.find(({ kind }) => kind === "warm-up");
  const startedAtMs = unixMs(step?.startedAt);
  if (startedAtMs === undefined || step?.timeoutMs === undefined) return "Warming up";
  const leftMs = startedAtMs + step.timeoutMs - nowMs;
  return leftMs > 0 ? `Warming up on recent messages, ${shortly(leftMs)} at most` : "Warming up, about to end";
}
