import { CaxtonError } from "@caxton/contracts/errors";
import { defaultLimits } from "@caxton/contracts/limits";
import { ValidationReport } from "@caxton/contracts/validation";
import { checker } from "@caxton/contracts/schema";
import { describe, expect, it } from "vitest";
import { breakingFindings } from "./breaking.ts";
import { judgeExample } from "./examples.ts";
import { errorFinding, findingOf } from "./findings.ts";
import { percentile } from "./percentile.ts";
import { judgeProfile, profileFacts } from "./profile.ts";
import { noFacts, stageReport, validationReport } from "./report.ts";

const checked = checker("the report", ValidationReport);
const fine = <Facts>(facts: Facts) => ({ findings: [], facts });
const stages = {
  static: stageReport(fine(noFacts.static), 1),
  sandbox: stageReport(fine(noFacts.sandbox), 1),
  contracts: stageReport(fine(noFacts.contracts), 1),
  resources: stageReport(fine(noFacts.resources), 1),
};
const input = { digest: "d", durationMs: 4, cached: false, description: undefined };

describe("the verdict", () => {
  it("is good only when all four stages were reached and passed", () => {
    expect(checked.check(validationReport({ ...input, stages })).passed).toBe(true);
    const { resources: _, ...three } = stages;
    expect(checked.check(validationReport({ ...input, stages: three })).passed).toBe(false);
  });

  it("is not spoilt by warnings, but by one error", () => {
    const warning = { severity: "warning", code: "breaking-change", message: "wanted" } as const;
    const warned = stageReport({ findings: [warning], facts: noFacts.contracts }, 1);
    expect(validationReport({ ...input, stages: { ...stages, contracts: warned } }).passed).toBe(true);
    const failed = stageReport({ findings: [warning, errorFinding("too-slow", "x")], facts: noFacts.resources }, 1);
    expect(validationReport({ ...input, stages: { ...stages, resources: failed } }).passed).toBe(false);
  });

  it("holds against the artifact only what says something about it", () => {
    expect(findingOf(new CaxtonError("start-timeout", "m"))).toEqual(errorFinding("start-timeout", "m"));
    expect(findingOf(new CaxtonError("digest-mismatch", "m"))).toEqual(errorFinding("digest-mismatch", "m"));
    for (const code of ["bus-unavailable", "internal", "unknown-artifact", "timeout", "agent-crash"] as const) {
      expect(findingOf(new CaxtonError(code, "m"))).toBeUndefined();
    }
  });
});

describe("profiling", () => {
  it.each([
    [[5], 99, 5],
    [[3, 1, 2, 4], 50, 2],
    [Array.from({ length: 100 }, (_, index) => index + 1), 99, 99],
    [Array.from({ length: 20 }, (_, index) => index + 1), 99, 20],
  ])("percentiles are values that were measured: %j at %d is %d", (values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });

  it("has no percentile of nothing, and judges what there is", () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
    const facts = profileFacts({ startMs: 3, latenciesMs: [], memoryPeakBytes: 1, outputMaxBytes: 0 });
    expect(facts).toEqual({ startMs: 3, memoryPeakBytes: 1, outputMaxBytes: 0 });
    expect(judgeProfile(facts, defaultLimits)).toEqual([]);
  });

  it("names value and bound of each limit that is passed, and of none that is just met", () => {
    const { p99MaxMs, memoryMaxBytes, outputMaxBytes } = defaultLimits;
    const met = { messageP50Ms: 1, messageP99Ms: p99MaxMs, memoryPeakBytes: memoryMaxBytes, outputMaxBytes };
    expect(judgeProfile(met, defaultLimits)).toEqual([]);
    const over = { ...met, messageP99Ms: 300, memoryPeakBytes: memoryMaxBytes + 1, outputMaxBytes: outputMaxBytes + 1 };
    expect(judgeProfile(over, defaultLimits).map(({ code }) => code)).toEqual([
      "too-slow",
      "memory-over-limit",
      "output-too-large",
    ]);
    expect(judgeProfile(over, defaultLimits)[0]?.message).toContain("300 ms");
  });
});

describe("findings", () => {
  it.each([
    ["agent-trap", "example-failed"],
    ["agent-failure", "example-failed"],
    ["agent-timeout", "example-failed"],
    ["output-undeclared", "output-undeclared"],
    ["output-too-large", "output-too-large"],
    ["unfinished", "validation-timeout"],
  ])("an example that ends as %s is %s, and is named", (result, code) => {
    const finding = judgeExample("example 2 of 'order'", { result, reason: "why", latencyMs: 1, outputBytes: 0 });
    expect(finding).toMatchObject({
      severity: "error",
      code,
      message: expect.stringContaining("example 2 of 'order'"),
    });
  });

  it("a break is one finding that lists some of what is refused, and a warning with a reason where it is wanted", () => {
    const refused = Array.from({ length: 7 }, (_, index) => ({ label: `m${index}`, problem: "no" }));
    expect(breakingFindings([], "v1", undefined)).toEqual([]);
    expect(breakingFindings(refused, "v1", undefined)).toMatchObject([
      { severity: "error", message: expect.stringMatching(/m0 \(no\).*m4 \(no\); and 2 more/) },
    ]);
    expect(breakingFindings(refused, "v1", "because")).toMatchObject([
      { severity: "warning", message: expect.stringContaining("because") },
    ]);
  });
});
