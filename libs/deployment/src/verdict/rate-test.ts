/** What the test bets on: that the odds of a hit are so many times those at the limit. */
const oddsRatios = [1.25, 1.5, 2, 3, 5, 10, 30, 100] as const;
/** Half of the belief is on "bad from the start"; the other half spreads over later times, thinner the later. */
const beliefScaleMs = 250;

/** Since when one bet is won, and what was seen since. */
export interface Run {
  readonly sinceMs: number;
  readonly samples: number;
  readonly hits: number;
}

interface Bet {
  readonly oddsRatio: number;
  /** What all its stakes have become, and the part of it that comes from the one that did best. */
  evidence: number;
  best: number;
  sinceMs: number;
  samples: number;
  hits: number;
}

/**
 * Is the chance of a hit above a limit, by what was seen so far? One may look after every sample and stop when one likes: if
 * the chance was at or below the limit all the time, the probability that this ever says so is `alpha` at most.
 *
 * Bets on several odds, each made anew at every sample with a part of the stake, so that a long good history does not dilute a
 * change for the worse. Under the limit the wealth is a nonnegative supermartingale that begins at 1, so it reaches 1/alpha
 * with probability alpha at most (Ville 1939). The likelihood ratio is Wald's (1945), mixing over alternatives Robbins' (1970),
 * mixing over the time of a change with a proper prior Shiryaev's (1963); Howard, Ramdas, McAuliffe and Sekhon (2021) and Shin,
 * Ramdas and Rinaldo (2022) treat both. Neither the same limit for every sample nor independent samples are asked for: only
 * that the chance of a hit, given all that came before, is at most the limit.
 */
export class RateTest {
  readonly #decisive: number;
  readonly #startMs: number;
  readonly #bets: readonly Bet[];
  #clockMs: number;
  /** The stake that goes on the next sample, and that which is kept for later ones. */
  #stake = 0.5;
  #kept = 0.5;

  /** @param alpha 0–1 @param startMs Unix ms of the first sample at the earliest */
  constructor(alpha: number, startMs: number) {
    this.#decisive = 1 / alpha;
    this.#startMs = startMs;
    this.#clockMs = startMs;
    this.#bets = oddsRatios.map((oddsRatio) => ({
      oddsRatio,
      evidence: 0,
      best: 0,
      sinceMs: startMs,
      samples: 0,
      hits: 0,
    }));
  }

  /** @param limit 0–1, known before the sample was @param atMs Unix ms; one that is earlier than the last counts as that */
  add(isHit: boolean, limit: number, atMs: number): void {
    // More than decides alone is not kept, so that a version that recovers is seen to after 2.3 / limit good samples or so.
    const most = this.#bets.length * this.#decisive;
    for (const bet of this.#bets) {
      if (bet.best < this.#stake) {
        bet.best = this.#stake;
        bet.sinceMs = this.#clockMs;
        bet.samples = 0;
        bet.hits = 0;
      }
      bet.samples += 1;
      if (isHit) bet.hits += 1;
      const factor = gain(bet.oddsRatio, limit, isHit);
      bet.evidence = Math.min((bet.evidence + this.#stake) * factor, most);
      bet.best = Math.min(bet.best * factor, most);
    }
    // Laid out by the time of this sample for the next one, so that no stake depends on the result it is on.
    this.#clockMs = Math.max(this.#clockMs, atMs);
    const kept = 0.5 / Math.sqrt(1 + (this.#clockMs - this.#startMs) / beliefScaleMs);
    this.#stake = this.#kept - kept;
    this.#kept = kept;
  }

  /** @param moreHits as if so many had come in besides */
  isAbove(limit = 0, moreHits = 0): boolean {
    let evidence = 0;
    for (const bet of this.#bets) {
      evidence += (bet.evidence + this.#stake) * gain(bet.oddsRatio, limit, true) ** moreHits;
    }
    return evidence / this.#bets.length + this.#kept >= this.#decisive;
  }

  /** The run that speaks most for being above the limit. */
  get run(): Run {
    return this.#bets.reduce((best, bet) => (bet.evidence > best.evidence ? bet : best));
  }
}

/** What a bet makes of its stake: the likelihood ratio of its odds against those at the limit. */
function gain(oddsRatio: number, limit: number, isHit: boolean): number {
  if (limit <= 0) return isHit ? Number.MAX_VALUE : 1;
  return (isHit ? oddsRatio : 1) / (1 + (oddsRatio - 1) * Math.min(limit, 1));
}
