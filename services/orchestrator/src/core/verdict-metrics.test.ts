import { type Finding, verdictOf } from "@caxton/deployment/judging";
import { expect, it } from "vitest";
import { verdictMetrics, verdictSamples } from "./verdict-metrics.ts";

const finding = (metric: Finding["metric"], samples: number, observed?: number): Finding => ({
  metric,
  rule: metric,
  outcome: "pass",
  samples,
  windowMs: 1_000,
  ...(observed === undefined ? {} : { observed }),
});

it("are in the units of the ADR's log object", () => {
  const verdict = verdictOf(
    [
      finding("error_rate", 200, 0.0001),
      finding("timeout_rate", 200, 0.07),
      finding("p99_latency", 180, 12),
      finding("p50_latency", 180),
      finding("memory", 3, 1_048_576),
    ],
    0,
  );
  expect(verdictMetrics(verdict)).toEqual({
    error_rate: 0.01,
    timeout_rate: 7,
    p99_latency_ms: 12,
    memory_bytes: 1_048_576,
  });
  expect(verdictSamples(verdict)).toBe(200);
  expect(verdictSamples(verdictOf([], 0))).toBe(0);
});
