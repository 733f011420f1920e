export type Strategy = "direct";

/**
 * A strategy is nothing but a plan: the steps that one machine walks (DESIGN.md, The domain is pure).
 * `share` is the part of the agent's messages, 0 to 1, that the new version gets.
 */
export type Step =
  | { readonly kind: "validate"; readonly timeoutMs: number }
  | { readonly kind: "start"; readonly timeoutMs: number }
  | { readonly kind: "shift"; readonly share: number }
  | { readonly kind: "finalize"; readonly drainMaxMs: number };

/** Everything at once, as ADR section 3 names it for development and testing; drain of 30 s at most (ADR section 5). */
export function directPlan(): readonly Step[] {
  return [
    { kind: "validate", timeoutMs: 60_000 },
    { kind: "start", timeoutMs: 30_000 },
    { kind: "shift", share: 1 },
    { kind: "finalize", drainMaxMs: 30_000 },
  ];
}

function timeOf(step: Exclude<Step, { kind: "shift" }>): number {
  return step.kind === "finalize" ? step.drainMaxMs : step.timeoutMs;
}

/** Why a plan cannot be walked, or undefined if it can: one validate, one start, shares that only grow up to 1, one finalize. */
export function planProblem(plan: readonly Step[]): string | undefined {
  const kinds = plan.map((step) => step.kind);
  if (kinds[0] !== "validate" || kinds[1] !== "start" || kinds.at(-1) !== "finalize") {
    return `a plan is validate, start, shift…, finalize; this one is ${kinds.join(", ")}`;
  }
  const untimed = plan.find((step) => step.kind !== "shift" && !(timeOf(step) >= 0 && timeOf(step) < Infinity));
  if (untimed !== undefined) return `'${untimed.kind}' needs a time in ms from 0 up`;
  let share = 0;
  for (const step of plan.slice(2, -1)) {
    if (step.kind !== "shift") return `'${step.kind}' may not stand between start and finalize`;
    if (!(step.share > share && step.share <= 1)) {
      return `shares grow up to 1; ${step.share} follows ${share}`;
    }
    share = step.share;
  }
  return share === 1 ? undefined : `the last share is 1; this plan ends at ${share}`;
}
