import { isDeepStrictEqual } from "node:util";
import { metrics, type Rule, type Threshold } from "@caxton/deployment/judging";
import { isLatency, ruleText } from "@caxton/deployment/judging-text";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { TextFault } from "./problem.ts";
import { parseRule } from "./rule.ts";

const absolute = (value: number): Threshold => ({ kind: "absolute", value });
const baseline = (factor: number, plus: number): Threshold => ({ kind: "baseline", factor, plus });

describe("a rule", () => {
  it.each<[string, Rule]>([
    ["error_rate > 1%", { metric: "error_rate", comparison: ">", threshold: absolute(0.01) }],
    ["p99_latency > 100ms", { metric: "p99_latency", comparison: ">", threshold: absolute(100) }],
    ["  p50_latency>=1.5s ", { metric: "p50_latency", comparison: ">=", threshold: absolute(1_500) }],
    ["p90_latency > 100 ms", { metric: "p90_latency", comparison: ">", threshold: absolute(100) }],
    ["memory > 200MB", { metric: "memory", comparison: ">", threshold: absolute(200 * 1024 * 1024) }],
    ["error_rate > 0%", { metric: "error_rate", comparison: ">", threshold: absolute(0) }],
    ["error_rate > baseline", { metric: "error_rate", comparison: ">", threshold: baseline(1, 0) }],
    ["error_rate > baseline + 1%", { metric: "error_rate", comparison: ">", threshold: baseline(1, 0.01) }],
    ["p99_latency > 1.5 × baseline", { metric: "p99_latency", comparison: ">", threshold: baseline(1.5, 0) }],
    ["p99_latency > 1.5 * baseline", { metric: "p99_latency", comparison: ">", threshold: baseline(1.5, 0) }],
    ["p99_latency > 1.5x baseline", { metric: "p99_latency", comparison: ">", threshold: baseline(1.5, 0) }],
    ["p99_latency > baseline x 2 + 5ms", { metric: "p99_latency", comparison: ">", threshold: baseline(2, 5) }],
    [
      "timeout_rate > 2% for 30s",
      { metric: "timeout_rate", comparison: ">", threshold: absolute(0.02), forMs: 30_000 },
    ],
    [
      "error_rate > 1 % min_samples 200 for 1 minute",
      { metric: "error_rate", comparison: ">", threshold: absolute(0.01), minSamples: 200, forMs: 60_000 },
    ],
  ])("%s", (text, rule) => {
    expect(parseRule(text)).toEqual(rule);
  });

  it.each([
    ["eror_rate > 1%", 0, /'eror_rate' is no metric/, "error_rate"],
    ["", 0, /a metric is missing/, undefined],
    ["error_rate", 10, /a comparison is missing/, undefined],
    ["error_rate < 1%", 11, /'<' is no comparison/, undefined],
    ["error_rate => 1%", 11, /'=>' is no comparison/, ">="],
    ["error_rate >", 12, /a value or 'baseline', as in 1% .* is missing/, undefined],
    ["error_rate > 0.01", 13, /'0.01' lacks its unit/, "1%"],
    ["error_rate > 5", 13, /'5' lacks its unit/, "5%"],
    ["error_rate > 101%", 13, /never above 100%/, undefined],
    ["error_rate > 100ms", 13, /'100ms' is no share/, undefined],
    ["p99_latency > 100", 17, /'100' lacks its unit/, undefined],
    ["p99_latency > 100mss", 17, /'mss' is no unit/, "ms"],
    ["p99_latency > 0ms", 14, /above zero/, undefined],
    ["memory > 100%", 9, /'100%' is not a size/, undefined],
    ["error_rate > baselin + 1%", 13, /'baselin' is no value of error_rate/, "baseline"],
    ["error_rate > 2 × baselnie", 17, /stands where 'baseline' should/, "baseline"],
    ["error_rate > 0 × baseline", 13, /'0' is no factor/, undefined],
    ["error_rate > baseline - 1%", 22, /only '\+' may follow/, undefined],
    ["error_rate > baseline +", 23, /how much more.* is missing/, undefined],
    ["error_rate > 1% for", 19, /a time, as in for 30s is missing/, undefined],
    ["error_rate > 1% for 0s", 20, /above zero/, undefined],
    ["error_rate > 1% for 30s for 1s", 24, /'for' stands there twice/, undefined],
    ["error_rate > 1% min_sample 20", 16, /cannot follow a threshold/, "min_samples"],
    ["error_rate > 1% min_samples 0", 28, /no number of samples/, undefined],
    ["error_rate > 1% or p99_latency > 1s", 16, /'or' cannot follow/, "for"],
  ])("'%s' is refused at character %i", (text, offset, message, meant) => {
    const fault = faultOf(text);
    expect([fault.offset, fault.nearest]).toEqual([offset, meant]);
    expect(fault.message).toMatch(message);
  });
});

function faultOf(text: string): TextFault {
  try {
    expect.fail(`it was read as ${JSON.stringify(parseRule(text))}`);
  } catch (error) {
    if (error instanceof TextFault) return error;
    throw error;
  }
}

/** What can be written: hundredths of a percent, tenths of a millisecond, whole mebibytes. */
const amount = (metric: (typeof metrics)[number]) => {
  if (metric === "memory") return fc.integer({ min: 1, max: 64 * 1024 }).map((mebibytes) => mebibytes * 1024 * 1024);
  if (isLatency(metric)) return fc.integer({ min: 1, max: 36_000_000 }).map((tenths) => tenths / 10);
  return fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 10_000);
};

const rules = fc.constantFrom(...metrics).chain((metric) =>
  fc.record<Rule, "metric" | "comparison" | "threshold">(
    {
      metric: fc.constant(metric),
      comparison: fc.constantFrom(">", ">="),
      threshold: fc.oneof(
        amount(metric).map(absolute),
        fc
          .tuple(fc.integer({ min: 1, max: 10_000 }), fc.option(amount(metric), { nil: 0 }))
          .map(([hundredths, plus]) => baseline(hundredths / 100, plus)),
      ),
      forMs: fc.integer({ min: 1, max: 86_400_000 }),
      minSamples: fc.integer({ min: 1, max: 1_000_000 }),
    },
    { requiredKeys: ["metric", "comparison", "threshold"] },
  ),
);

test("what is printed as a rule is read as the same rule", () => {
  fc.assert(
    fc.property(rules, (rule) => {
      expect(parseRule(ruleText(rule))).toEqual(rule);
    }),
  );
});

test("any text is a rule or has a place in it that is wrong", () => {
  const words = fc.constantFrom(
    ...metrics,
    ">",
    ">=",
    "1%",
    "100ms",
    "baseline",
    "×",
    "+",
    "for",
    "30s",
    "min_samples",
    "7",
  );
  const lines = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(words, fc.string({ maxLength: 3 }))).map((all) => all.join(" ")),
  );
  fc.assert(
    fc.property(lines, (text) => {
      expect(isReadOrPlaced(text)).toBe(true);
    }),
  );
});

function isReadOrPlaced(text: string): boolean {
  try {
    const rule = parseRule(text);
    return isDeepStrictEqual(parseRule(ruleText(rule)), rule);
  } catch (error) {
    return error instanceof TextFault && error.offset >= 0 && error.offset <= text.length;
  }
}
