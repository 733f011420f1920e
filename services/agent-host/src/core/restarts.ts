/** How often an instance may fail to become ready, in a row, before its slot is `failed`. */
export const startFailuresMax = 3;

const firstDelayMs = 50;
const longestDelayMs = 2_000;
const steadyAfterMs = 10_000;

/** How long to wait before the next start: doubling, from the beginning again after the instance had run for a while. */
export function restartDelayMs(previousDelayMs: number, ranForMs: number): number {
  if (previousDelayMs === 0 || ranForMs >= steadyAfterMs) return firstDelayMs;
  return Math.min(longestDelayMs, previousDelayMs * 2);
}
