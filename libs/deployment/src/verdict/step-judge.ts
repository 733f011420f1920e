import { type Rule, type Verdict, verdictOf } from "../judging.ts";
import { alphaOf } from "./false-alarms.ts";
import { type Baselines, type Limit, limitOf } from "./limit.ts";
import { MemoryRuleJudge } from "./memory-rule.ts";
import { isSampled, type Sample } from "./metric-samples.ts";
import { type Latencies, SampledRuleJudge } from "./sampled-rule.ts";

export interface StepToJudge {
  /** Index into the plan. */
  readonly step: number;
  readonly rules: readonly Rule[];
  /** Unix ms of its beginning. */
  readonly startMs: number;
}

interface Judged<Judge> {
  readonly judge: Judge;
  limit: Limit | undefined;
}

/** Judges one step of a rollout by all its rules. Told the same in the same order it always finds the same. */
export class StepJudge {
  readonly #sampled: Judged<SampledRuleJudge>[] = [];
  readonly #memory: Judged<MemoryRuleJudge>[] = [];
  readonly #inOrder: readonly Judged<SampledRuleJudge | MemoryRuleJudge>[];
  #lastAtMs: number;

  constructor({ step, rules, startMs }: StepToJudge) {
    const alpha = alphaOf(step, rules.filter(isSampled).length);
    this.#inOrder = rules.map((rule) => {
      const limit = limitOf(rule, new Map());
      if (!isSampled(rule)) return kept(this.#memory, { judge: new MemoryRuleJudge(rule, startMs), limit });
      return kept(this.#sampled, { judge: new SampledRuleJudge(rule, alpha, startMs), limit });
    });
    this.#lastAtMs = startMs;
  }

  /** When the first rule was broken beyond doubt, Unix ms. */
  get breachedAtMs(): number | undefined {
    const times = this.#inOrder.flatMap(({ judge: { breachedAtMs } }) => breachedAtMs ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** What comes from now on is held against these, and against what was known of other metrics. */
  setBaselines(baselines: Baselines): void {
    for (const judged of this.#inOrder) {
      const { rule } = judged.judge;
      if (rule.threshold.kind === "baseline" && baselines.has(rule.metric)) judged.limit = limitOf(rule, baselines);
    }
  }

  add(sample: Sample): void {
    this.#note(sample.atMs);
    for (const { judge, limit } of this.#sampled) judge.add(sample, limit);
  }

  /** @param source who says so, instead of what it said before @param agesMs how long messages have been at the version unanswered */
  addInFlight(source: string, agesMs: readonly number[], nowMs: number): void {
    if (agesMs.length > 0) this.#note(nowMs);
    for (const { judge, limit } of this.#sampled) judge.addInFlight(source, agesMs, limit, nowMs);
  }

  /** @param bytes what the version's largest instance takes */
  addMemory(bytes: number, nowMs: number): void {
    this.#note(nowMs);
    for (const { judge, limit } of this.#memory) judge.add(bytes, limit, nowMs);
  }

  verdict(latencies: Latencies, nowMs: number): Verdict {
    const findings = this.#inOrder.map(({ judge, limit }) =>
      judge instanceof MemoryRuleJudge ? judge.finding(limit, nowMs) : judge.finding(latencies, limit, nowMs),
    );
    return verdictOf(findings, this.#lastAtMs);
  }

  #note(atMs: number): void {
    this.#lastAtMs = Math.max(this.#lastAtMs, atMs);
  }
}

function kept<Item>(list: Item[], item: Item): Item {
  list.push(item);
  return item;
}
