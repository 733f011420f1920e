import { type Rule, type Verdict, verdictOf } from "../judging.ts";
import { alphaOf } from "./false-alarms.ts";
import { type Baselines, limitOf } from "./limit.ts";
import { isSampled, type Sample } from "./metric-samples.ts";
import { type Latencies, type Limit, SampledRuleJudge } from "./sampled-rule.ts";

export interface StepToJudge {
  /** Index into the plan. */
  readonly step: number;
  readonly rules: readonly Rule[];
  /** Unix ms of its beginning. */
  readonly startMs: number;
}

/** Judges one step of a rollout by all rules. What it is told in one order it always finds the same. */
export class StepJudge {
  readonly #judges: readonly { readonly judge: SampledRuleJudge; limit: Limit | undefined }[];
  #lastAtMs: number;

  constructor({ step, rules, startMs }: StepToJudge) {
    const alpha = alphaOf(step, rules.length);
    this.#judges = rules.filter(isSampled).map((rule) => ({
      judge: new SampledRuleJudge(rule, alpha, startMs),
      limit: limitOf(rule, () => undefined),
    }));
    this.#lastAtMs = startMs;
  }

  /** When the first rule was broken beyond doubt, Unix ms. */
  get breachedAtMs(): number | undefined {
    const times = this.#judges.flatMap(({ judge: { breachedAtMs } }) => breachedAtMs ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** From now on samples are held against this. */
  setBaselines(baselines: Baselines): void {
    for (const one of this.#judges) one.limit = limitOf(one.judge.rule, baselines);
  }

  add(sample: Sample): void {
    this.#lastAtMs = Math.max(this.#lastAtMs, sample.atMs);
    for (const { judge, limit } of this.#judges) judge.add(sample, limit);
  }

  /** @param source who says so, instead of what it said before @param agesMs how long messages have been at the version unanswered */
  addInFlight(source: string, agesMs: readonly number[], nowMs: number): void {
    if (agesMs.length > 0) this.#lastAtMs = Math.max(this.#lastAtMs, nowMs);
    for (const { judge, limit } of this.#judges) judge.addInFlight(source, agesMs, limit, nowMs);
  }

  verdict(latencies: Latencies, nowMs: number): Verdict {
    const findings = this.#judges.map(({ judge, limit }) => judge.finding(latencies, limit, nowMs));
    return verdictOf(findings, this.#lastAtMs);
  }
}
