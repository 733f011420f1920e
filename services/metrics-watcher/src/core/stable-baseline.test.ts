import type { Metric, Rule } from "@caxton/deployment/judging";
import type { Baseline } from "@caxton/deployment/verdict/limit";
import { describe, expect, test } from "vitest";
import { StableBaseline } from "./stable-baseline.ts";

const rule = (metric: Metric): Rule => {
  return { metric, comparison: ">", threshold: { kind: "baseline", factor: 1.5, plus: 0 } };
};

/** A stable version that handles a message every 4 ms, from `fromMs` on. */
function handles(
  baseline: StableBaseline,
  fromMs: number,
  toMs: number,
  latencyMs: number,
  failEvery = Infinity,
): void {
  for (let atMs = fromMs; atMs < toMs; atMs += 4) {
    const failed = (atMs / 4) % failEvery === failEvery - 1;
    baseline.add(failed ? { atMs, failed, timedOut: false } : { atMs, failed, timedOut: false, latencyMs });
  }
}

function known(baseline: StableBaseline, metric: Metric, atMs: number): Baseline | undefined {
  return baseline.renewed(atMs)?.get(metric);
}

describe("the baseline", () => {
  test("is not known before there is enough to say", () => {
    const baseline = new StableBaseline([rule("p99_latency"), rule("error_rate")]);
    expect(baseline.renewed(0)?.size).toBe(0);
    handles(baseline, 0, 4 * 49, 10);
    expect(baseline.renewed(250)?.size).toBe(0);
    handles(baseline, 4 * 49, 4 * 687, 10);
    expect([...(baseline.renewed(3_000)?.keys() ?? [])]).toEqual(["error_rate"]);
    handles(baseline, 4 * 687, 4 * 688, 10);
    expect([...(baseline.renewed(3_250)?.keys() ?? [])]).toEqual(["p99_latency", "error_rate"]);
  });

  test("is what was observed, and at most a little more", () => {
    const baseline = new StableBaseline([rule("p99_latency"), rule("error_rate")]);
    handles(baseline, 0, 40_000, 10, 50);
    const rates = known(baseline, "error_rate", 40_000);
    expect(rates?.observed).toBeCloseTo(0.02, 3);
    expect(rates?.atMost).toBeGreaterThan(0.02);
    expect(rates?.atMost).toBeLessThan(0.035);
    const latency = known(baseline, "p99_latency", 40_250);
    expect(latency?.observed).toBeCloseTo(10, 0);
    expect(latency?.atMost).toBeGreaterThanOrEqual(10);
    expect(latency?.atMost).toBeLessThan(10.3);
  });

  test("is at most as the stable version has been lately", () => {
    const baseline = new StableBaseline([rule("p99_latency")]);
    handles(baseline, 0, 60_000, 10);
    handles(baseline, 60_000, 70_250, 50);
    const slow = known(baseline, "p99_latency", 70_250);
    expect(slow?.atMost).toBeGreaterThanOrEqual(50);
    handles(baseline, 70_250, 81_000, 10);
    expect(known(baseline, "p99_latency", 81_000)?.atMost).toBeLessThan(10.3);
  });

  test("is looked at four times a second, and not at all where no rule speaks of it", () => {
    const baseline = new StableBaseline([rule("error_rate")]);
    expect([0, 100, 249, 250, 300].map((atMs) => baseline.renewed(atMs) !== undefined)).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
    const absolute: Rule = { metric: "error_rate", comparison: ">", threshold: { kind: "absolute", value: 0.01 } };
    expect(new StableBaseline([absolute]).renewed(0)).toBeUndefined();
  });
});
