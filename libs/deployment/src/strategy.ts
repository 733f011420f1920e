export const strategies = ["direct", "canary", "blue-green", "ab", "shadow"] as const;
export type Strategy = (typeof strategies)[number];

/**
 * A strategy is nothing but a plan: the steps that one machine walks (DESIGN.md, The domain is pure).
 * `share` is the part of the agent's messages, 0 to 1, that the new version gets.
 */
export type Step =
  | { readonly kind: "validate"; readonly timeoutMs: number }
  | { readonly kind: "start"; readonly timeoutMs: number }
  /** Before it gets any message the version answers recent ones, whose outputs go nowhere; `timeoutMs` at most. */
  | { readonly kind: "warm-up"; readonly timeoutMs: number }
  /** Watched for `watchMs` from when every router follows it; without, it goes on as soon as they do. */
  | { readonly kind: "shift"; readonly share: number; readonly watchMs?: number }
  /** Waits for a person. */
  | { readonly kind: "approve" }
  /** Compared with the live version on its messages for so long; it has no share of them. */
  | { readonly kind: "shadow"; readonly durationMs: number }
  /**
   * The version that was replaced stays warm for `cleanupMs` (0 unless given), so that it can be brought back at once: by
   * itself where nobody of the new one was there for `backAfterMs`, if that is given.
   */
  | {
      readonly kind: "finalize";
      readonly drainMaxMs: number;
      readonly cleanupMs?: number;
      readonly backAfterMs?: number;
    };

/** What stands between start and finalize of a canary: a share and how long it is watched, or a person's word. */
export type CanaryStep =
  | { readonly kind: "shift"; readonly share: number; readonly watchMs?: number }
  | { readonly kind: "approve" };

const minuteMs = 60_000;
/** Longest that a share is watched or a version kept warm: 30 days. */
export const watchMaxMs = 30 * 24 * 60 * minuteMs;
const startTimeoutMs = 30_000;
/** ADR section 5. */
const drainMaxMs = 30_000;

/** Everything at once, as ADR section 3 names it for development and testing; drain of 30 s at most (ADR section 5). */
export function directPlan(): readonly Step[] {
  return [
    { kind: "validate", timeoutMs: minuteMs },
    { kind: "start", timeoutMs: startTimeoutMs },
    { kind: "shift", share: 1 },
    { kind: "finalize", drainMaxMs },
  ];
}

export interface CanaryTimes {
  readonly validateMs: number;
  readonly cleanupMs: number;
}

/** ADR section 3: validate 30 s; cleanup as it stands under blue-green. */
export const canaryTimes: CanaryTimes = { validateMs: 30_000, cleanupMs: 300_000 };

/** ADR section 3, the durations as in its comments. */
export const canarySteps: readonly CanaryStep[] = [
  { kind: "shift", share: 0.05, watchMs: 5 * minuteMs },
  { kind: "shift", share: 0.25, watchMs: 10 * minuteMs },
  { kind: "shift", share: 0.5, watchMs: 10 * minuteMs },
  { kind: "shift", share: 1 },
];

export function canaryPlan(
  steps: readonly CanaryStep[] = canarySteps,
  times: CanaryTimes = canaryTimes,
): readonly Step[] {
  return [
    { kind: "validate", timeoutMs: times.validateMs },
    { kind: "start", timeoutMs: startTimeoutMs },
    ...steps,
    { kind: "finalize", drainMaxMs, cleanupMs: times.cleanupMs },
  ];
}

/** Longest that a shadow compares. */
export const shadowMaxMs = watchMaxMs;

/** Beside the live version; ADR section 3 has no stages for it, so validation takes what a canary's takes. */
export function shadowPlan(durationMs: number): readonly Step[] {
  return [
    { kind: "validate", timeoutMs: canaryTimes.validateMs },
    { kind: "start", timeoutMs: startTimeoutMs },
    { kind: "shadow", durationMs },
    { kind: "finalize", drainMaxMs: 0 },
  ];
}

export interface BlueGreenTimes {
  readonly validateMs: number;
  readonly warmUpMs: number;
  readonly cleanupMs: number;
}

/** ADR section 3. */
export const blueGreenTimes: BlueGreenTimes = { validateMs: 30_000, warmUpMs: 60_000, cleanupMs: 300_000 };

/** With the time that a way back takes it stays within the ADR's second (section 5). */
const backAfterMs = 500;

/** ADR section 3: the version is warmed up, then gets all messages in one revision of the route. */
export function blueGreenPlan({ validateMs, warmUpMs, cleanupMs }: BlueGreenTimes = blueGreenTimes): readonly Step[] {
  return [
    { kind: "validate", timeoutMs: validateMs },
    { kind: "start", timeoutMs: startTimeoutMs },
    { kind: "warm-up", timeoutMs: warmUpMs },
    { kind: "shift", share: 1 },
    { kind: "finalize", drainMaxMs, cleanupMs, backAfterMs },
  ];
}

export interface AbTimes {
  readonly validateMs: number;
  /** How long the test goes on. */
  readonly durationMs: number;
  readonly cleanupMs: number;
}

export const abTimes: AbTimes = { ...canaryTimes, durationMs: 60 * minuteMs };
export const abShare = 0.5;

/** A share that stays as it is for a set time, and then a person's word. */
export function abPlan(
  share: number = abShare,
  { validateMs, durationMs, cleanupMs }: AbTimes = abTimes,
): readonly Step[] {
  const steps: readonly CanaryStep[] = [
    { kind: "shift", share, watchMs: durationMs },
    { kind: "approve" },
    { kind: "shift", share: 1 },
  ];
  return canaryPlan(steps, { validateMs, cleanupMs });
}

/**
 * Why a plan cannot be walked, or undefined if it can: one validate, one start, a warm-up where it is wanted, shares that only
 * grow up to 1, one finalize.
 */
export function planProblem(plan: readonly Step[]): string | undefined {
  const kinds = plan.map((step) => step.kind);
  if (kinds[0] !== "validate" || kinds[1] !== "start" || kinds.at(-1) !== "finalize") {
    return `a plan is validate, start, shift…, finalize; this one is ${kinds.join(", ")}`;
  }
  const untimed = plan.find((step) => !timesOf(step).every((ms) => ms >= 0 && ms < Infinity));
  if (untimed !== undefined) return `'${untimed.kind}' needs a time in ms from 0 up`;
  if (kinds.includes("shadow"))
    return kinds.length === 4
      ? undefined
      : `a shadow's plan is validate, start, shadow, finalize; this one is ${kinds.join(", ")}`;
  let share = 0;
  for (const step of plan.slice(kinds[2] === "warm-up" ? 3 : 2, -1)) {
    if (step.kind === "approve" && share < 1) continue;
    if (step.kind !== "shift")
      return `'${step.kind}' may not stand ${share < 1 ? "between start and finalize" : "after all messages"}`;
    if (!(step.share > share && step.share <= 1)) {
      return `shares grow up to 1; ${step.share} follows ${share}`;
    }
    share = step.share;
  }
  return share === 1 ? undefined : `the last share is 1; this plan ends at ${share}`;
}

function timesOf(step: Step): readonly number[] {
  switch (step.kind) {
    case "shift":
      return step.watchMs === undefined ? [] : [step.watchMs];
    case "approve":
      return [];
    case "shadow":
      return [step.durationMs];
    case "finalize":
      return [step.drainMaxMs, step.cleanupMs ?? 0, step.backAfterMs ?? 0];
    default:
      return [step.timeoutMs];
  }
}
