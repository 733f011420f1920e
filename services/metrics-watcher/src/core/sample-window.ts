import { isCounted, type RateMetric, rateMetrics, type Sample } from "@caxton/deployment/verdict/metric-samples";
import { LatencySketch } from "./latency-sketch.ts";

/** Samples added up: how many there were, how many of them a rate counts, how long they took. */
export class SampleWindow {
  readonly latencies = new LatencySketch();
  readonly #hits: Record<RateMetric, number> = { error_rate: 0, timeout_rate: 0 };
  #samples = 0;

  get samples(): number {
    return this.#samples;
  }

  hits(metric: RateMetric): number {
    return this.#hits[metric];
  }

  add(sample: Sample): void {
    this.#samples += 1;
    for (const metric of rateMetrics) if (isCounted(metric, sample)) this.#hits[metric] += 1;
    if (sample.latencyMs !== undefined) this.latencies.add(sample.latencyMs);
  }

  include(other: SampleWindow): void {
    this.#samples += other.#samples;
    for (const metric of rateMetrics) this.#hits[metric] += other.#hits[metric];
    this.latencies.include(other.latencies);
  }
}
