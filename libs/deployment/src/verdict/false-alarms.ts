/** The probability that a rollout whose version is within every limit all the time is taken back all the same, at most. */
export const falseAlarmsPerRollout = 0.005;

/** Where the first share of a plan stands, behind validate and start. */
const firstShareIndex = 2;

/**
 * What one rule may spend of it in one step: 1/2, 1/6, 1/12, … of all for the steps that share messages, which adds up to 1
 * over however many there are, and there the same for each rule.
 *
 * @param step index into the plan
 */
export function alphaOf(step: number, rules: number): number {
  const ordinal = Math.max(1, step - firstShareIndex + 1);
  return falseAlarmsPerRollout / (ordinal * (ordinal + 1)) / Math.max(1, rules);
}
