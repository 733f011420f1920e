import { type Metric, metrics, type Rule, type Threshold } from "@caxton/deployment/judging";
import { isLatency } from "@caxton/deployment/judging-text";
import { nearest } from "./nearest.ts";
import { TextFault } from "./problem.ts";
import { byteCount, durationMs, percent } from "./quantity.ts";
import { type Word, Words } from "./words.ts";

/** Longest `for` of a rule: a day. */
const heldMaxMs = 86_400_000;
/** Larger is not measured: a message has a minute. */
const latencyMaxMs = 3_600_000;
const comparisons = [">", ">="] as const;
const times = ["×", "*", "x"];
const clauses = ["for", "min_samples"];

/**
 * A line of `rollback_on`: `error_rate > 1%`, `p99_latency > 1.5 × baseline for 30s`, `error_rate >= baseline + 1% min_samples 200`.
 * @throws TextFault
 */
export function parseRule(text: string): Rule {
  const words = new Words(text);
  const metric = readMetric(words);
  const comparison = readComparison(words);
  const threshold = readThreshold(words, metric);
  let rest: Pick<Rule, "forMs" | "minSamples"> = {};
  while (!words.isAtEnd) rest = { ...rest, ...readClause(words, rest) };
  return { metric, comparison, threshold, ...rest };
}

function readMetric(words: Words): Metric {
  const word = words.take("a metric", metrics);
  const metric = metrics.find((each) => each === word.text);
  if (metric !== undefined) return metric;
  throw new TextFault(word.offset, `'${word.text}' is no metric`, metrics, nearest(word.text, metrics));
}

function readComparison(words: Words): Rule["comparison"] {
  const word = words.take("a comparison", comparisons);
  const comparison = comparisons.find((each) => each === word.text);
  if (comparison !== undefined) return comparison;
  const meant = ["=>", "≥"].includes(word.text) ? ">=" : undefined;
  throw new TextFault(word.offset, `'${word.text}' is no comparison`, comparisons, meant);
}

/** Either a value, or a multiple of the baseline and something more. */
function readThreshold(words: Words, metric: Metric): Threshold {
  const wanted = `a value or 'baseline', as in ${example(metric)} or 1.5 × baseline`;
  if (words.next?.text === "baseline") return { kind: "baseline", ...readBaseline(words, 1, metric) };
  const first = words.take(wanted);
  const factor = /^(\d+(?:\.\d+)?)x?$/.exec(first.text)?.[1];
  if (factor !== undefined) {
    const isAttached = first.text.endsWith("x");
    if (isAttached || times.includes(words.next?.text ?? "")) {
      if (!isAttached) words.take(wanted);
      return { kind: "baseline", ...readBaseline(words, requireFactor(Number(factor), first), metric) };
    }
  }
  return { kind: "absolute", value: readValue(words, first, metric) };
}

function readBaseline(
  words: Words,
  before: number,
  metric: Metric,
): { readonly factor: number; readonly plus: number } {
  const word = words.take("'baseline'", ["baseline"]);
  if (word.text !== "baseline") {
    const meant = nearest(word.text, ["baseline"]);
    throw new TextFault(word.offset, `'${word.text}' stands where 'baseline' should`, [], meant);
  }
  let factor = before;
  if (times.includes(words.next?.text ?? "")) {
    words.take("a factor");
    const behind = words.take("a factor, as in baseline × 1.5");
    factor *= requireFactor(Number(behind.text), behind);
  }
  if (words.next?.text === "-") {
    throw new TextFault(words.next.offset, "a threshold below the baseline is none: only '+' may follow it", ["+"]);
  }
  if (words.next?.text !== "+") return { factor, plus: 0 };
  words.take("'+'");
  const wanted = `how much more, as in baseline + ${example(metric)}`;
  return { factor, plus: readValue(words, words.take(wanted), metric) };
}

function requireFactor(factor: number, { text, offset }: Word): number {
  if (factor > 0 && Number.isFinite(factor)) return factor;
  throw new TextFault(offset, `'${text}' is no factor: it is a number above zero, such as 1.5`);
}

/** The unit may stand apart: `100 ms`. */
function readValue(words: Words, first: Word, metric: Metric): number {
  const isBare = /^[\d.]+$/.test(first.text);
  const apart = words.next;
  const hasUnitApart = isBare && apart !== undefined && /^(%|[A-Za-z]+)$/.test(apart.text) && !isClause(apart);
  const text = hasUnitApart ? `${first.text}${words.take("a unit").text}` : first.text;
  if (!/^\d/.test(text)) {
    const meant = nearest(text, ["baseline"]);
    throw new TextFault(first.offset, `'${text}' is no value of ${metric}, such as ${example(metric)}`, [], meant);
  }
  return valueOf(text, first.offset, metric);
}

function isClause({ text }: Word): boolean {
  return clauses.includes(text);
}

function valueOf(text: string, offset: number, metric: Metric): number {
  if (metric === "memory") return byteCount(text, offset);
  if (isLatency(metric)) return durationMs(text, { maxMs: latencyMaxMs }, offset);
  const value = percent(text, offset);
  if (value <= 1) return value;
  throw new TextFault(offset, `${metric} is never above 100%, so '${text}' is never reached`);
}

function readClause(words: Words, known: Pick<Rule, "forMs" | "minSamples">): Pick<Rule, "forMs" | "minSamples"> {
  const word = words.take("'for' or 'min_samples'");
  if (word.text === "for" && known.forMs === undefined) {
    const first = words.take("a time, as in for 30s");
    const apart =
      /^[\d.]+$/.test(first.text) && words.next !== undefined && !isClause(words.next) ? words.take("") : undefined;
    return { forMs: durationMs(`${first.text}${apart?.text ?? ""}`, { maxMs: heldMaxMs }, first.offset) };
  }
  if (word.text === "min_samples" && known.minSamples === undefined) {
    const count = words.take("a number, as in min_samples 200");
    const value = Number(count.text);
    if (/^\d+$/.test(count.text) && value >= 1 && value <= 1e9) return { minSamples: value };
    throw new TextFault(count.offset, `'${count.text}' is no number of samples: a whole number from 1`);
  }
  if (isClause(word)) throw new TextFault(word.offset, `'${word.text}' stands there twice`);
  throw new TextFault(word.offset, `'${word.text}' cannot follow a threshold`, clauses, nearest(word.text, clauses));
}

function example(metric: Metric): string {
  if (metric === "memory") return "200MB";
  return isLatency(metric) ? "100ms" : "1%";
}
