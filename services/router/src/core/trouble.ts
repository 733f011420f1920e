/** What a version's timeouts, crashes and silences come to, as long as it answers nothing else. */
export interface Trouble {
  readonly times: number;
  /** On the clock of `performance.now`. A canary is left alone until then. */
  readonly restsUntilMs: number;
}

const troubledAfter = 3;
const restMaxMs = 30_000;
const restGrowth = 4;
const restGrowths = 10;

export const noTrouble: Trouble = { times: 0, restsUntilMs: 0 };

/**
 * Once a version is troubled it is tried less and less often: it rests for four times as long as it has just taken, and four times that
 * after each further time, so that one that hangs does not burn a processor for as long as it is there (M. Nygard, Release It!,
 * "Circuit Breaker").
 * @param tookMs how long it took to come to nothing this time
 */
export function troubledAgain({ times }: Trouble, nowMs: number, tookMs: number): Trouble {
  const rests = Math.min(times + 2 - troubledAfter, restGrowths);
  const restMs = rests < 1 ? 0 : Math.min(restMaxMs, tookMs * restGrowth ** rests);
  return { times: times + 1, restsUntilMs: nowMs + restMs };
}

export const isTroubled = ({ times }: Trouble): boolean => times >= troubledAfter;
