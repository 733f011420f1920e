import type { Latencies } from "@caxton/deployment/verdict/sampled-rule";
import { LatencySketch } from "./latency-sketch.ts";

const bucketMs = 250;
/** Times further back than this are not told apart. */
const keepMs = 60_000;

/** The latencies of one version since a step began, by time. */
export class LatencyTimeline implements Latencies {
  readonly #all = new LatencySketch();
  readonly #buckets = new Map<number, LatencySketch>();
  #newest = 0;

  add(latencyMs: number, atMs: number): void {
    this.#all.add(latencyMs);
    const index = Math.floor(atMs / bucketMs);
    if (index <= this.#newest - keepMs / bucketMs) return;
    const bucket = this.#buckets.get(index) ?? new LatencySketch();
    this.#buckets.set(index, bucket);
    bucket.add(latencyMs);
    if (index > this.#newest) this.#forgetBefore(index);
  }

  /** To the bucket; of all, where a time lies further back than is kept. */
  quantileMs(quantile: number, sinceMs: number, besides: readonly number[]): number | undefined {
    const sketch = new LatencySketch();
    const first = Math.floor(sinceMs / bucketMs);
    if (first <= this.#newest - keepMs / bucketMs) sketch.include(this.#all);
    else for (const [index, bucket] of this.#buckets) if (index >= first) sketch.include(bucket);
    for (const latencyMs of besides) sketch.add(latencyMs);
    return sketch.count === 0 ? undefined : sketch.quantileMs(quantile);
  }

  #forgetBefore(newest: number): void {
    this.#newest = newest;
    for (const index of this.#buckets.keys()) if (index <= newest - keepMs / bucketMs) this.#buckets.delete(index);
  }
}
