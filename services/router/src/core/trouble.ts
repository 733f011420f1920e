/** What a version's timeouts, crashes and silences come to, as long as it answers nothing else. */
export interface Trouble {
  readonly times: number;
  /** On the clock of `performance.now`. A canary is left alone until then. */
  readonly restsUntilMs: number;
}

const troubledAfter = 3;
const restMaxMs = 10_000;

export const noTrouble: Trouble = { times: 0, restsUntilMs: 0 };

/**
 * Once a version is troubled it is tried less and less often: it rests for as long as it has just taken, and twice as long after each
 * further time, so that one that hangs does not burn a processor for as long as it is there (M. Nygard, Release It!, "Circuit Breaker").
 * @param tookMs how long it took to come to nothing this time
 */
export function troubledAgain({ times }: Trouble, nowMs: number, tookMs: number): Trouble {
  const beyond = times + 1 - troubledAfter;
  const restMs = beyond < 0 ? 0 : Math.min(restMaxMs, tookMs * 2 ** Math.min(beyond, 16));
  return { times: times + 1, restsUntilMs: nowMs + restMs };
}

export const isTroubled = ({ times }: Trouble): boolean => times >= troubledAfter;
