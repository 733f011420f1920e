/** What is known of a version's values: how many, their mean, and the sum of their squared distances from it. */
export interface Values {
  readonly samples: number;
  readonly mean: number;
  readonly squares: number;
}

/** What is known of a version's messages: how many, and how many of them had what is counted. */
export interface Hits {
  readonly samples: number;
  readonly hits: number;
}

/** How much more the second version has than the first, and between which bounds that is with 95 % confidence. */
export interface Difference {
  readonly observed: number;
  readonly low: number;
  readonly high: number;
}

/** Fewer of either version say nothing about means: until then neither the approximation nor the quantile below holds. */
export const valuesMin = 30;
export const confidence = 0.95;
/** Of the standard normal distribution at 0.975. */
const z = 1.959963984540054;

export const noValues: Values = { samples: 0, mean: 0, squares: 0 };

/** One value more, without keeping any (Welford 1962, Technometrics 4). */
export function withValue({ samples, mean, squares }: Values, value: number): Values {
  const count = samples + 1;
  const off = value - mean;
  const now = mean + off / count;
  return { samples: count, mean: now, squares: squares + off * (value - now) };
}

/** Of the sample; 0 where there is one value. */
export function varianceOf({ samples, squares }: Values): number {
  return samples < 2 ? 0 : squares / (samples - 1);
}

/**
 * Welch's interval (1947, Biometrika 34) for the difference of two means whose variances need not be equal, with the degrees of
 * freedom of Satterthwaite (1946). It holds for a look that was planned beforehand, not for one chosen by what is seen.
 * undefined with fewer than `valuesMin` of either.
 */
export function differenceOfMeans(first: Values, second: Values): Difference | undefined {
  if (first.samples < valuesMin || second.samples < valuesMin) return undefined;
  const observed = second.mean - first.mean;
  const a = varianceOf(first) / first.samples;
  const b = varianceOf(second) / second.samples;
  if (a + b === 0) return { observed, low: observed, high: observed };
  const freedom = (a + b) ** 2 / (a ** 2 / (first.samples - 1) + b ** 2 / (second.samples - 1));
  const margin = studentQuantile(freedom) * Math.sqrt(a + b);
  return { observed, low: observed - margin, high: observed + margin };
}

/**
 * Newcombe's hybrid score interval (1998, Statistics in Medicine 17, method 10) for the difference of two proportions: made of
 * Wilson's for each, so that it also holds near 0 and 1 and with few samples. undefined without any of either.
 */
export function differenceOfRates(first: Hits, second: Hits): Difference | undefined {
  if (first.samples === 0 || second.samples === 0) return undefined;
  const [a, b] = [wilson(first), wilson(second)];
  const observed = b.rate - a.rate;
  return {
    observed,
    low: observed - Math.hypot(b.rate - b.low, a.high - a.rate),
    high: observed + Math.hypot(b.high - b.rate, a.rate - a.low),
  };
}

/** Wilson's score interval (1927, JASA 22). */
function wilson({ samples, hits }: Hits): { readonly rate: number; readonly low: number; readonly high: number } {
  const rate = hits / samples;
  const shrink = 1 + z ** 2 / samples;
  const middle = (rate + z ** 2 / (2 * samples)) / shrink;
  const margin = (z / shrink) * Math.sqrt((rate * (1 - rate)) / samples + z ** 2 / (4 * samples ** 2));
  return { rate, low: middle - margin, high: middle + margin };
}

/**
 * Student's t at 0.975, by the expansion about the normal quantile (Abramowitz and Stegun 1964, 26.7.5): right to six digits
 * from 29 degrees of freedom up, which `valuesMin` sees to.
 */
export function studentQuantile(freedom: number): number {
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((sum, term, index) => sum + term / freedom ** (index + 1), z);
}
