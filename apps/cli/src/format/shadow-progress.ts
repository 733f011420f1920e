import type { Deployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { unixMs } from "../wire-json.ts";
import { inWords, seconds, shortly } from "./quantity.ts";
import type { Style } from "./style.ts";

/** What is told of a shadow, as far as it is true by now. */
export function shadowProgressLines(deployment: Deployment, style: Style): readonly string[] {
  const { shadow, shadowEnd, timings, version } = deployment;
  if (shadow === undefined || timings?.startMs === undefined) return [];
  const started = [
    `${style.good("✓")} Shadow started (${seconds(timings.startMs)})`,
    `→ Agent ID: ${style.strong(version)}`,
    `→ Comparing for ${inWords(shadow.durationMs ?? 0)}, its outputs go nowhere; so far: caxton shadow report ${version}`,
  ];
  if (shadowEnd === undefined) return started;
  const { cause, reason } = shadowEnd;
  const mark = cause === "over" ? style.good("✓") : style.bad("✗");
  return [...started, `${mark} Shadow ended: ${cause === "over" ? "its time is over" : reason}`];
}

/** What the spinner says meanwhile. */
export function shadowProgress({ watchedUntil }: NonNullable<Deployment["step"]>, nowMs: number): string {
  const leftMs = (unixMs(watchedUntil) ?? nowMs) - nowMs;
  return leftMs > 0 ? `Comparing, ${shortly(leftMs)} left` : "Comparing what is left";
}
