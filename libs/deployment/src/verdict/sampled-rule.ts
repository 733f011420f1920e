import type { Finding, Rule } from "../judging.ts";
import { ruleText } from "../judging-text.ts";
import { BoundedTest, type Asked } from "./bounded-test.ts";
import { isBeyond, type Limit } from "./limit.ts";
import { isCounted, isRateMetric, quantileOf, type SampledMetric, type Sample } from "./metric-samples.ts";
import { Overdue } from "./overdue.ts";
import type { Run } from "./rate-test.ts";

/** A rule about what messages show. */
export type SampledRule = Rule & { readonly metric: SampledMetric };

/** The latencies of a step, for the value that a finding shows. */
export interface Latencies {
  /**
   * In ms, of all since a time (Unix ms) taken together with `besides`; undefined where there is none.
   * @param quantile 0–1
   */
  quantileMs(quantile: number, sinceMs: number, besides: readonly number[]): number | undefined;
}

/** A version passes on so many samples unless the rule says otherwise. */
export const defaultMinSamples = 50;

/** Judges a version by one rule, message by message. */
export class SampledRuleJudge {
  readonly rule: SampledRule;
  readonly #startMs: number;
  readonly #test: BoundedTest;
  readonly #overdue = new Overdue();
  #samples = 0;
  #hits = 0;
  #aboveSinceMs: number | undefined;
  #breachedAtMs: number | undefined;
  #failure: Finding | undefined;

  /** @param alpha how often it may say fail where nothing is wrong, 0–1 @param startMs Unix ms of the step's beginning */
  constructor(rule: SampledRule, alpha: number, startMs: number) {
    this.rule = rule;
    this.#startMs = startMs;
    this.#test = new BoundedTest(alpha, startMs);
  }

  /** When that was decided which was one too many, Unix ms. */
  get breachedAtMs(): number | undefined {
    return this.#breachedAtMs;
  }

  /** @param limit known before the sample was; without one it is counted and proves nothing */
  add(sample: Sample, limit: Limit | undefined): void {
    const { metric } = this.rule;
    if (!isRateMetric(metric) && sample.latencyMs === undefined) return;
    this.#samples += 1;
    if (isRateMetric(metric) && isCounted(metric, sample)) this.#hits += 1;
    if (limit === undefined) return;
    const asked = this.#asked(sample, limit);
    this.#test.add(asked, sample.atMs);
    const isHit = asked.isHit(1);
    if (isHit && !isRateMetric(metric)) this.#overdue.decideOne();
    // Nothing but a hit, or what had been above before, can be above now.
    if (isHit || this.#aboveSinceMs !== undefined) this.#consider(limit, sample.atMs);
  }

  /**
   * A message that is at the version and not answered counts as one that took as long as it has been there.
   * @param source who says so, instead of what it said before @param agesMs of each
   */
  addInFlight(source: string, agesMs: readonly number[], limit: Limit | undefined, nowMs: number): void {
    if (limit === undefined || isRateMetric(this.rule.metric)) return;
    this.#overdue.say(
      source,
      agesMs.filter((ageMs) => this.#isBeyond(ageMs, limit.failBeyond)),
    );
    this.#consider(limit, nowMs);
  }

  /** What it came to so far. That of a failure stays as it was when it was first asked for. */
  finding(latencies: Latencies, limit: Limit | undefined, nowMs: number): Finding {
    if (this.#failure !== undefined) return this.#failure;
    const isFailure = this.#breachedAtMs !== undefined;
    const whole: Run = { sinceMs: this.#startMs, samples: this.#samples, hits: this.#hits };
    const run = isFailure ? this.#test.run : whole;
    const samples = run.samples + this.#overdue.agesMs.length;
    const observed = this.#observed(run, latencies);
    const bound = limit && this.#bound(limit, isFailure);
    const finding: Finding = {
      metric: this.rule.metric,
      rule: ruleText(this.rule),
      outcome: isFailure ? "fail" : this.#passes(samples, observed, limit) ? "pass" : "inconclusive",
      samples,
      ...(observed === undefined ? {} : { observed }),
      ...(bound === undefined ? {} : { bound }),
      ...(limit === undefined ? {} : { threshold: limit.passWithin }),
      windowMs: Math.max(0, (this.#breachedAtMs ?? nowMs) - run.sinceMs),
    };
    if (isFailure) this.#failure = finding;
    return finding;
  }

  #consider(limit: Limit, atMs: number): void {
    if (this.#breachedAtMs !== undefined) return;
    const { forMs = 0, minSamples = 0 } = this.rule;
    const overdue = this.#overdue.agesMs.length;
    if (!this.#test.isAbove(this.#allowed(limit, 1), overdue)) {
      this.#aboveSinceMs = undefined;
      return;
    }
    this.#aboveSinceMs ??= atMs;
    const isLongEnough = atMs - this.#aboveSinceMs >= forMs;
    if (isLongEnough && this.#samples + overdue >= minSamples) this.#breachedAtMs = atMs;
  }

  #passes(samples: number, observed: number | undefined, limit: Limit | undefined): boolean {
    const { minSamples = defaultMinSamples } = this.rule;
    if (observed === undefined || limit === undefined || samples < minSamples) return false;
    return this.#aboveSinceMs === undefined && !this.#isBeyond(observed, limit.passWithin);
  }

  #observed({ sinceMs, samples, hits }: Run, latencies: Latencies): number | undefined {
    const { metric } = this.rule;
    if (!isRateMetric(metric)) return latencies.quantileMs(quantileOf(metric), sinceMs, this.#overdue.agesMs);
    return samples === 0 ? undefined : hits / samples;
  }

  #bound(limit: Limit, isFailure: boolean): number | undefined {
    const overdueMs = this.#overdue.agesMs;
    const proved = this.#test.provedMultiple(
      (multiple) => this.#allowed(limit, multiple),
      (multiple) => overdueMs.filter((ageMs) => this.#isBeyond(ageMs, multiple * limit.failBeyond)).length,
    );
    // Above the limit is above all that is less, also where the tests of that have not noticed.
    const multiple = isFailure ? Math.max(1, proved ?? 1) : proved;
    return multiple === undefined ? undefined : multiple * limit.failBeyond;
  }

  #asked(sample: Sample, limit: Limit): Asked {
    const { metric } = this.rule;
    const allowed = (multiple: number): number => this.#allowed(limit, multiple);
    if (isRateMetric(metric)) {
      const isHit = isCounted(metric, sample);
      return { isHit: () => isHit, allowed };
    }
    const { latencyMs = 0 } = sample;
    return { isHit: (multiple) => this.#isBeyond(latencyMs, multiple * limit.failBeyond), allowed };
  }

  /** The share of hits that may be: of a rate the limit itself, of a latency what its quantile leaves. */
  #allowed(limit: Limit, multiple: number): number {
    const { metric } = this.rule;
    return isRateMetric(metric) ? multiple * limit.failBeyond : 1 - quantileOf(metric);
  }

  #isBeyond(value: number, limit: number): boolean {
    return isBeyond(this.rule.comparison, value, limit);
  }
}
