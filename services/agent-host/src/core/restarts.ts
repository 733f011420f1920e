/** How often an instance may fail to become ready, in a row, before its slot is `failed`. */
export const startFailuresMax = 3;

const firstDelayMs = 50;
const longestDelayMs = 2_000;
const longestFailedDelayMs = 30_000;
const steadyAfterMs = 10_000;

/**
 * How long to wait before the next start: doubling, from the beginning again after the instance had run for a while. One
 * that has `failed` is tried ever more seldom, but is not given up: what it lacked may come back.
 * @param ranForMs how long it had been ready; 0 where it never was
 */
export function restartDelayMs(previousDelayMs: number, ranForMs: number, startFailures: number): number {
  if (previousDelayMs === 0 || ranForMs >= steadyAfterMs) return firstDelayMs;
  return Math.min(startFailures >= startFailuresMax ? longestFailedDelayMs : longestDelayMs, previousDelayMs * 2);
}
