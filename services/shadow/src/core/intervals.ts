/** A value with the interval that holds the true one in 95 of 100 cases. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Of the standard normal distribution, for two sides of 2.5 %. */
const z = 1.959_964;

/** A share of `of` trials, 0 to 1: Wilson's score interval, which holds for few trials and near the ends as well. */
export function shareEstimate(hits: number, of: number): Estimate | undefined {
  if (of === 0) return undefined;
  const share = hits / of;
  const centre = share + (z * z) / (2 * of);
  const spread = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const scale = 1 + (z * z) / of;
  return { value: share, low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) };
}

/**
 * A quantile (0 to 1) of samples in ascending order: the interval between two of them which the binomial distribution of how
 * many lie below gives (normal approximation); nothing is assumed about how they are distributed.
 */
export function quantileEstimate(sorted: readonly number[], share: number): Estimate | undefined {
  const count = sorted.length;
  if (count === 0) return undefined;
  const spread = z * Math.sqrt(count * share * (1 - share));
  const at = (rank: number): number => sorted[Math.min(count - 1, Math.max(0, rank - 1))] ?? 0;
  return {
    value: at(Math.ceil(count * share)),
    low: at(Math.floor(count * share - spread)),
    high: at(Math.ceil(count * share + spread) + 1),
  };
}

/** A mean of samples, by the normal approximation; of fewer than two nothing is known but the value. */
export function meanEstimate(samples: readonly number[]): Estimate | undefined {
  const count = samples.length;
  if (count === 0) return undefined;
  const value = sum(samples) / count;
  if (count < 2) return { value, low: value, high: value };
  const variance = sum(samples.map((sample) => (sample - value) ** 2)) / (count - 1);
  const spread = z * Math.sqrt(variance / count);
  return { value, low: value - spread, high: value + spread };
}

/** Something that is spent on something that is done, over spans of time. */
export interface Spending {
  readonly spent: number;
  readonly done: number;
}

/** What was spent on each, over all spans together; by the linear approximation of a ratio's variance. */
export function ratioEstimate(spans: readonly Spending[]): Estimate | undefined {
  const done = sum(spans.map((span) => span.done));
  if (done === 0) return undefined;
  const value = sum(spans.map(({ spent }) => spent)) / done;
  const count = spans.length;
  if (count < 2) return { value, low: value, high: value };
  const residual = sum(spans.map((span) => (span.spent - value * span.done) ** 2)) / (count - 1);
  const spread = (z * Math.sqrt(count * residual)) / done;
  return { value, low: Math.max(0, value - spread), high: value + spread };
}

/** Whether the first happens more often than the second, as far as both intervals tell. */
export function isMoreOften(first: Estimate | undefined, second: Estimate | undefined): boolean {
  return (first?.low ?? 0) > (second?.high ?? 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
