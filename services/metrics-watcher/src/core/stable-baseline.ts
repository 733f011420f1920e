import type { Metric, Rule } from "@caxton/deployment/judging";
import { baselineOfShare, quantileAtMost } from "@caxton/deployment/verdict/baseline";
import type { Baseline } from "@caxton/deployment/verdict/limit";
import { isRateMetric, quantileOf, type Sample } from "@caxton/deployment/verdict/metric-samples";
import { defaultMinSamples } from "@caxton/deployment/verdict/sampled-rule";
import { relativeAccuracy } from "./latency-sketch.ts";
import { SampleTimeline } from "./sample-timeline.ts";
import type { SampleWindow } from "./sample-window.ts";

/** What the stable version is like now: so much time at least, and so many samples. */
const now = { ms: 10_000, samples: 2_000 };
/** How often it is looked at anew, in ms of the outcomes' own time. */
const everyMs = 250;

/** What rules that speak of a baseline are held against: the stable version on its own share. */
export class StableBaseline {
  readonly #metrics: readonly Metric[];
  readonly #timeline = new SampleTimeline();
  #nextMs = 0;

  constructor(rules: readonly Rule[]) {
    this.#metrics = rules.filter(({ threshold }) => threshold.kind === "baseline").map(({ metric }) => metric);
  }

  add(sample: Sample): void {
    if (this.#metrics.length > 0) this.#timeline.add(sample);
  }

  /** What came before `atMs` (Unix ms) comes to; undefined where that was asked a moment ago, or no rule speaks of it. */
  renewed(atMs: number): ReadonlyMap<Metric, Baseline> | undefined {
    if (this.#metrics.length === 0 || atMs < this.#nextMs) return undefined;
    this.#nextMs = atMs + everyMs;
    const latest = this.#timeline.latest(now);
    return new Map(
      this.#metrics.flatMap((metric) => {
        const baseline = baselineOf(metric, this.#timeline.whole, latest);
        return baseline === undefined ? [] : [[metric, baseline]];
      }),
    );
  }
}

/** Observed over the whole step, as the canary is; at most as it was lately, so that what slows both is not the canary's fault. */
function baselineOf(metric: Metric, whole: SampleWindow, latest: SampleWindow): Baseline | undefined {
  if (metric === "memory" || whole.samples < defaultMinSamples) return undefined;
  if (isRateMetric(metric)) {
    const observed = baselineOfShare(whole.hits(metric), whole.samples)?.observed;
    const atMost = baselineOfShare(latest.hits(metric), latest.samples)?.atMost;
    return observed === undefined || atMost === undefined ? undefined : { observed, atMost };
  }
  const quantile = quantileOf(metric);
  const above = quantileAtMost(quantile, latest.latencies.count);
  if (above === undefined) return undefined;
  const atMost = latest.latencies.quantileMs(above) * (1 + relativeAccuracy);
  return { observed: whole.latencies.quantileMs(quantile), atMost };
}
