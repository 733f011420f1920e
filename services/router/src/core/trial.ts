import type { Attempt } from "@caxton/contracts/outcome";
import type { Asked, Decision } from "./judgement.ts";

/**
 * What a canary's answer means where the stable version stands in for it (DESIGN.md, rule 6): a failure counts against the
 * canary and is not tried on it again; the stable version is asked in the same delivery. So it is about what the canary did
 * not come to, for its neighbours took the time.
 */
export function judgeTrial(decision: Decision): Decision {
  const { kind, attempt } = decision;
  if (kind === "handled") return decision;
  return kind === "again" || attempt !== undefined ? fallBack(attempt) : decision;
}

/**
 * Its process ended while it had the message. One death is one failure, so only the message that was first in line is a
 * failed attempt; who was merely there goes to the stable version without a word.
 */
export function judgeTrialCrash(asked: Asked, wasFirst: boolean, reason: string, latencyMs: number): Decision {
  if (!wasFirst) return fallBack();
  return fallBack({ ...asked, result: "failed", code: "agent-crash", reason: reason.slice(0, 2_000), latencyMs });
}

/** It did not answer at all. */
export function judgeTrialSilence(asked: Asked, latencyMs: number): Decision {
  const reason = `no answer within ${Math.round(latencyMs)} ms`;
  return fallBack({ ...asked, result: "failed", code: "agent-timeout", reason, latencyMs });
}

function fallBack(attempt?: Attempt): Decision {
  return { kind: "again", asking: "batch", delayMs: 0, fallback: true, ...(attempt === undefined ? {} : { attempt }) };
}
