import { LogCollapsingLowestDenseDDSketch } from "@datadog/sketches-js";

/** What is read back lies within this share of what was measured. */
export const relativeAccuracy = 0.01;

/**
 * The unit values are counted in, and the smallest that is told apart: sketches-js 2.1.1 loses count where a sketch whose
 * largest value is about 1 is merged into one that has only smaller ones.
 */
const unitMs = 0.000_01;
const smallest = 10;

/** Latencies in a DDSketch (Masson, Rim, Lee 2019); sketches of neighbouring times are added up. */
export class LatencySketch {
  readonly #sketch = new LogCollapsingLowestDenseDDSketch({ relativeAccuracy });
  #maxMs = 0;

  get count(): number {
    return this.#sketch.count;
  }

  /** 0 without any. */
  get maxMs(): number {
    return this.#maxMs;
  }

  add(latencyMs: number): void {
    this.#sketch.accept(Math.max(smallest, latencyMs / unitMs));
    this.#maxMs = Math.max(this.#maxMs, latencyMs);
  }

  include(other: LatencySketch): void {
    this.#sketch.merge(other.#sketch);
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  /** The smallest value that at least `share` (0 to 1) of all latencies do not exceed, in ms; 0 without any. */
  quantileMs(share: number): number {
    const { count } = this;
    if (count === 0) return 0;
    const rank = Math.min(count, Math.max(1, Math.ceil(share * count)));
    const value = this.#sketch.getValueAtQuantile(count === 1 ? 0 : (rank - 1) / (count - 1));
    return Math.min(value * unitMs, this.#maxMs);
  }
}
