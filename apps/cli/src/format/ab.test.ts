import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AbArmSchema, AbReportSchema } from "@caxton/contracts/gen/caxton/v1/ab_pb.js";
import { describe, expect, it } from "vitest";
import { abReportLines } from "./ab.ts";
import { plain } from "./style.ts";

const beginMs = Date.parse("2026-01-01T10:00:00Z");
const report = create(AbReportSchema, {
  agent: "processor",
  state: "Deploying",
  measure: "$.score",
  better: "higher",
  stable: { version: "proc-v1-1f1f1", messages: 4_012, samples: 4_010, mean: 0.868, deviation: 0.2858 },
  candidate: { version: "proc-v2-2e2e2", messages: 3_983, samples: 3_983, mean: 0.93091, deviation: 0.2048 },
  leftOut: 12,
  startedAt: timestampFromMs(beginMs),
  endsAt: timestampFromMs(beginMs + 3_600_000),
  difference: { observed: 0.06291, low: 0.0521, high: 0.0737, confidence: 0.95 },
  recommendation: "promote",
  reason: "the new version is higher, which is better",
});

describe("the report of an A/B test", () => {
  it("shows both versions, the difference and the commands that follow", () => {
    expect(abReportLines(report, plain)).toEqual([
      "A/B test of processor: $.score, higher is better",
      "for 1 hour, over since 2026-01-01T11:00:00.000Z",
      "",
      "VERSION        MESSAGES  VALUES    MEAN  DEVIATION",
      "proc-v1-1f1f1     4,012   4,010   0.868     0.2858",
      "proc-v2-2e2e2     3,983   3,983  0.9309     0.2048",
      "12 messages are left out: tried more than once, or handled by the other version",
      "",
      "→ Difference: +0.06291, with 95% confidence from +0.0521 to +0.0737",
      "✓ Promote: the new version is higher, which is better",
      "→ Decide: caxton promote proc-v2-2e2e2, or caxton rollback proc-v2-2e2e2",
    ]);
  });

  it("says before its time is over that it is provisional, and names no command", () => {
    const early = { ...report, provisional: true, recommendation: "wait", reason: "the time is not over" };
    expect(abReportLines(early, plain)[1]).toBe(
      "for 1 hour, provisional: its time is over at 2026-01-01T11:00:00.000Z",
    );
    expect(abReportLines(early, plain).at(-1)).toBe("→ Wait: the time is not over");
  });

  it("writes rates in percent, and leaves out a difference that is not known", () => {
    const { difference: _difference, ...rest } = report;
    const arm = { messages: 5, samples: 0 };
    const none = create(AbReportSchema, {
      ...rest,
      measure: "rate of alert",
      stable: create(AbArmSchema, { ...arm, version: "proc-v1-1f1f1", mean: 0.125, samples: 8 }),
      candidate: create(AbArmSchema, { ...arm, version: "proc-v2-2e2e2" }),
      leftOut: 0,
      recommendation: "no-difference",
      reason: "there are too few",
      state: "RolledBack",
    });
    expect(abReportLines(none, plain).slice(3)).toEqual([
      "VERSION        MESSAGES  VALUES   RATE  DEVIATION",
      "proc-v1-1f1f1         5       8  12.5%          -",
      "proc-v2-2e2e2         5       0      -          -",
      "",
      "→ No difference shown: there are too few",
    ]);
  });
});
