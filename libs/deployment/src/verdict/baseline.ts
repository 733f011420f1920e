import type { Baseline } from "./limit.ts";

/** How often what a baseline is at most may be less than its true value, at one look. */
const misses = 0.001;
const halvings = 50;

/** A share of hits: as observed, and what it is at most (Chernoff 1952, in Hoeffding's form). */
export function baselineOfShare(hits: number, samples: number): Baseline | undefined {
  if (samples === 0) return undefined;
  const observed = hits / samples;
  let low = observed;
  let high = 1;
  for (let halving = 0; halving < halvings; halving += 1) {
    const middle = (low + high) / 2;
    if (isTooFar(hits, samples, middle)) high = middle;
    else low = middle;
  }
  return { observed, atMost: high };
}

/**
 * Which quantile of the samples the true quantile is at most: as far up as leaves so few above that the true share above is
 * no larger than `1 - quantile`. undefined where there are too few to say: fewer than 688 for p99.
 *
 * @param quantile 0–1
 */
export function quantileAtMost(quantile: number, samples: number): number | undefined {
  if (!isTooFar(0, samples, 1 - quantile)) return undefined;
  let low = 0;
  let high = Math.floor((1 - quantile) * samples);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isTooFar(middle, samples, 1 - quantile)) low = middle;
    else high = middle - 1;
  }
  return 1 - low / samples;
}

/** Whether so few hits would be too rare if their chance were `share`. */
function isTooFar(hits: number, samples: number, share: number): boolean {
  const observed = hits / samples;
  return samples > 0 && observed < share && samples * divergence(observed, share) >= -Math.log(misses);
}

/** Kullback-Leibler, of one coin from another. */
function divergence(one: number, other: number): number {
  const part = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
  return part(one, other) + part(1 - one, 1 - other);
}
