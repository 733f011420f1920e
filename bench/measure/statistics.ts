/** What is said of a handful of samples: the middle, and where the true middle lies with 90 % or a little more. */
export interface Summary {
  readonly median: number;
  /** Order statistics around the median (binomial, distribution-free); the whole range below seven samples. */
  readonly interval: readonly [number, number];
  readonly samples: readonly number[];
}

const coverage = 0.9;

export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((left, right) => left - right);
  const depth = intervalDepth(sorted.length);
  const low = sorted[depth] ?? Number.NaN;
  const high = sorted[sorted.length - 1 - depth] ?? Number.NaN;
  return { median: percentile(samples, 0.5), interval: [low, high], samples };
}

/** By linear interpolation between the two nearest samples; `share` 0 to 1. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = samples.toSorted((left, right) => left - right);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** How many samples may be left out at each end with the median still inside with the coverage wanted. */
function intervalDepth(count: number): number {
  let tail = 0.5 ** count;
  let term = tail;
  let depth = 0;
  while (2 * (tail + next(term, depth, count)) <= 1 - coverage) {
    term = next(term, depth, count);
    tail += term;
    depth += 1;
  }
  return depth;
}

const next = (term: number, depth: number, count: number): number => (term * (count - depth)) / (depth + 1);
