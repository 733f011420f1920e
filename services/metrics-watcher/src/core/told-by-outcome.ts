import type { Attempt, Outcome } from "@caxton/contracts/outcome";
import type { Sample } from "@caxton/deployment/verdict/metric-samples";

/** A step's two versions, and the revision of the route from which on attempts count. */
export interface Trial {
  readonly version: string;
  readonly stable: string;
  readonly routeRevision: number;
}

/** What a message's outcome says about a step. */
export type Told =
  | { readonly kind: "handled"; readonly sample: Sample }
  /** The canary's fault; `isFallback` where the stable version handled it. */
  | { readonly kind: "failed"; readonly sample: Sample; readonly isFallback: boolean }
  /** The stable version failed on it as well. */
  | { readonly kind: "message-at-fault" }
  /** Meant for the canary, which was full or away, or did not come to it. */
  | { readonly kind: "overflow" }
  /** The stable version's own. */
  | { readonly kind: "stable"; readonly sample: Sample }
  | { readonly kind: "nothing" };

/** One message is one sample, however often it was tried: failed where the version failed on it at least once. */
export function toldBy({ attempts, decidedAtMs }: Outcome, { version, stable, routeRevision }: Trial): Told {
  const counted = attempts.filter((attempt) => attempt.routeRevision >= routeRevision);
  const onCanary = counted.filter((attempt) => attempt.version === version);
  const onStable = counted.filter((attempt) => attempt.version === stable);
  const [last] = onCanary.slice(-1);
  if (last === undefined) {
    const [lastOnStable] = onStable.slice(-1);
    if (lastOnStable === undefined) return { kind: "nothing" };
    if (onStable.some(({ overflowedFrom }) => overflowedFrom === version)) return { kind: "overflow" };
    return { kind: "stable", sample: sampleOf(onStable.find(isFailed) ?? lastOnStable, decidedAtMs) };
  }
  const failed = onCanary.find(isFailed);
  if (failed === undefined) return { kind: "handled", sample: sampleOf(last, decidedAtMs) };
  if (onStable.length > 0 && onStable.every(isFailed)) return { kind: "message-at-fault" };
  return { kind: "failed", sample: sampleOf(failed, decidedAtMs), isFallback: onStable.length > 0 };
}

function isFailed({ result }: Attempt): boolean {
  return result === "failed";
}

/** How long a failure took says something only where the time was what it failed on. */
function sampleOf({ result, code, latencyMs }: Attempt, atMs: number): Sample {
  const failed = result === "failed";
  const timedOut = failed && code === "agent-timeout";
  return { atMs, failed, timedOut, ...(failed && !timedOut ? {} : { latencyMs }) };
}
