import type { Sample } from "@caxton/deployment/verdict/metric-samples";
import type { Latencies } from "@caxton/deployment/verdict/sampled-rule";
import { SampleWindow } from "./sample-window.ts";

const bucketMs = 250;
/** Times further back than so many buckets are not told apart. */
const keep = 240;

/** What one version did since a step began, by time. */
export class SampleTimeline implements Latencies {
  readonly whole = new SampleWindow();
  readonly #buckets = new Map<number, SampleWindow>();
  #newest = 0;

  add(sample: Sample): void {
    this.whole.add(sample);
    const index = bucketOf(sample.atMs);
    if (index <= this.#newest - keep) return;
    const bucket = this.#buckets.get(index) ?? new SampleWindow();
    this.#buckets.set(index, bucket);
    bucket.add(sample);
    if (index > this.#newest) this.#forgetBefore(index);
  }

  /** The time of the newest sample and so much before it, and as much more as it takes for so many samples. */
  latest(wanted: { readonly ms: number; readonly samples: number }): SampleWindow {
    const latest = new SampleWindow();
    for (let back = 0; back < wanted.ms / bucketMs || latest.samples < wanted.samples; back += 1) {
      if (back === keep) return this.whole;
      const bucket = this.#buckets.get(this.#newest - back);
      if (bucket !== undefined) latest.include(bucket);
    }
    return latest;
  }

  /** To the bucket; of all, where a time lies further back than is kept. */
  quantileMs(quantile: number, sinceMs: number, besides: readonly number[]): number | undefined {
    const { latencies } = this.#since(bucketOf(sinceMs));
    for (const latencyMs of besides) latencies.add(latencyMs);
    return latencies.count === 0 ? undefined : latencies.quantileMs(quantile);
  }

  #since(first: number): SampleWindow {
    const sum = new SampleWindow();
    if (first <= this.#newest - keep) sum.include(this.whole);
    else for (const [index, bucket] of this.#buckets) if (index >= first) sum.include(bucket);
    return sum;
  }

  #forgetBefore(newest: number): void {
    this.#newest = newest;
    for (const index of this.#buckets.keys()) if (index <= newest - keep) this.#buckets.delete(index);
  }
}

function bucketOf(atMs: number): number {
  return Math.floor(atMs / bucketMs);
}
