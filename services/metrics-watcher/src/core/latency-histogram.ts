const floorMs = 0.01;
/** Two neighbouring bounds differ by this factor: what is read back is at most 5 % above what was measured. */
const factor = 1.05;
const logFactor = Math.log(factor);

/** Latencies counted in classes that grow with the value; histograms of neighbouring times are added up. */
export class LatencyHistogram {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #maxMs = 0;

  get maxMs(): number {
    return this.#maxMs;
  }

  add(latencyMs: number): void {
    this.#increase(classOf(latencyMs), 1);
    this.#maxMs = Math.max(this.#maxMs, latencyMs);
  }

  include(other: LatencyHistogram): void {
    for (const [index, count] of other.#counts) this.#increase(index, count);
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  /** The smallest class bound that at least `share` (0 to 1) of all latencies do not exceed, in ms; 0 without any. */
  quantileMs(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const [index, count] of [...this.#counts].toSorted(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= wanted) return Math.min(floorMs * factor ** index, this.#maxMs);
    }
    return 0;
  }

  #increase(index: number, by: number): void {
    this.#counts.set(index, (this.#counts.get(index) ?? 0) + by);
    this.#count += by;
  }
}

function classOf(latencyMs: number): number {
  return latencyMs <= floorMs ? 0 : Math.ceil(Math.log(latencyMs / floorMs) / logFactor);
}
