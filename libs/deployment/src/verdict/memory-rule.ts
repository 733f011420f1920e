import type { Finding, Rule } from "../judging.ts";
import { ruleText } from "../judging-text.ts";
import { isBeyond, type Limit } from "./limit.ts";

/** Memory goes up and down with what is collected when, so beyond its limit for a moment is no breach. */
export const defaultMemoryForMs = 10_000;
/** A version passes on so many readings unless the rule says otherwise. */
export const defaultMinReadings = 3;

/** Judges a version by what its largest instance takes. A reading is no sample: nothing about it is left open. */
export class MemoryRuleJudge {
  readonly rule: Rule;
  readonly #startMs: number;
  #readings = 0;
  #bytes: number | undefined;
  #beyondSinceMs: number | undefined;
  #breachedAtMs: number | undefined;
  #failure: Finding | undefined;

  /** @param startMs Unix ms of the step's beginning */
  constructor(rule: Rule, startMs: number) {
    this.rule = rule;
    this.#startMs = startMs;
  }

  /** When it had been beyond the limit for long enough, Unix ms. */
  get breachedAtMs(): number | undefined {
    return this.#breachedAtMs;
  }

  /** @param bytes of the instance that takes most @param atMs Unix ms */
  add(bytes: number, limit: Limit | undefined, atMs: number): void {
    const { comparison, forMs = defaultMemoryForMs, minSamples = 1 } = this.rule;
    this.#readings += 1;
    this.#bytes = bytes;
    if (limit === undefined || !isBeyond(comparison, bytes, limit.failBeyond)) {
      this.#beyondSinceMs = undefined;
      return;
    }
    this.#beyondSinceMs ??= atMs;
    if (atMs - this.#beyondSinceMs >= forMs && this.#readings >= minSamples) this.#breachedAtMs ??= atMs;
  }

  /** What it came to so far. That of a failure stays as it was when it was first asked for. */
  finding(limit: Limit | undefined, nowMs: number): Finding {
    if (this.#failure !== undefined) return this.#failure;
    const isFailure = this.#breachedAtMs !== undefined;
    const sinceMs = isFailure ? (this.#beyondSinceMs ?? this.#startMs) : this.#startMs;
    const bytes = this.#bytes;
    const finding: Finding = {
      metric: this.rule.metric,
      rule: ruleText(this.rule),
      outcome: isFailure ? "fail" : this.#passes(limit) ? "pass" : "inconclusive",
      samples: this.#readings,
      ...(bytes === undefined ? {} : { observed: bytes }),
      ...(limit === undefined ? {} : { threshold: limit.passWithin }),
      windowMs: Math.max(0, (this.#breachedAtMs ?? nowMs) - sinceMs),
    };
    if (isFailure) this.#failure = finding;
    return finding;
  }

  #passes(limit: Limit | undefined): boolean {
    const { comparison, minSamples = defaultMinReadings } = this.rule;
    if (this.#bytes === undefined || limit === undefined || this.#readings < minSamples) return false;
    return !isBeyond(comparison, this.#bytes, limit.passWithin);
  }
}
