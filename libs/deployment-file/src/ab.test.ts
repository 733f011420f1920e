import { defaultJudging, defaultRules } from "@caxton/deployment/judging";
import { describe, expect, it } from "vitest";
import { parseDeploymentFile } from "./parse.ts";

const written = (...lines: readonly string[]): string => ["deployment:", "  strategy: ab", ...lines].join("\n");

describe("the file of an A/B test", () => {
  it("says share, time, measure and rules", () => {
    const { file, problems } = parseDeploymentFile(
      written(
        "  share: 20%",
        "  duration: 2h",
        "  measure:",
        "    path: $.quality.score",
        "    kind: assessment",
        "    better: lower",
        "  validate: 10s",
        "  cleanup: 0s",
        "  rollback_on:",
        "    - error_rate > 2%",
        "  on_canary_failure: deadletter",
      ),
    );
    expect(problems).toEqual([]);
    expect(file).toEqual({
      strategy: "ab",
      share: 0.2,
      durationMs: 7_200_000,
      measure: { kind: "mean", path: "$.quality.score", output: "assessment", better: "lower" },
      validateMs: 10_000,
      cleanupMs: 0,
      judging: {
        ...defaultJudging,
        rollbackOn: [{ metric: "error_rate", comparison: ">", threshold: { kind: "absolute", value: 0.02 } }],
        onFailure: "deadletter",
      },
    });
  });

  it("is half of the messages for an hour where it says only what is measured", () => {
    expect(parseDeploymentFile(written("  measure: $.score of assessment")).file).toEqual({
      strategy: "ab",
      share: 0.5,
      durationMs: 3_600_000,
      measure: { kind: "mean", path: "$.score", output: "assessment", better: "higher" },
      validateMs: 30_000,
      cleanupMs: 300_000,
      judging: { ...defaultJudging, rollbackOn: defaultRules },
    });
    expect(parseDeploymentFile(written("  measure: { kind: alert, better: lower }")).file).toMatchObject({
      measure: { kind: "rate", output: "alert", better: "lower" },
    });
  });

  it.each([
    ["  share: 50%", 1, 1, "there is no measure"],
    ["  measure: score", 3, 12, "'score' is no measure"],
    ["  measure: $.scores[*]", 3, 20, "lead to one place"],
    ["  measure: { better: higher }", 3, 3, "needs a path or a kind"],
    ["  measure: { path: $.a, better: more }", 3, 33, "'more' is no direction"],
    ["  measure: { pth: $.a }", 3, 14, "'pth' is no key of a measure"],
    ["  measure: $.a\n  share: 100%", 4, 10, "leaves one version nothing"],
    ["  measure: $.a\n  share: half", 4, 10, "'half' is no share"],
    ["  measure: $.a\n  duration: 5", 4, 14, "lacks its unit"],
    ["  measure: $.a\n  durtion: 5m", 4, 3, "'durtion' is no key of an ab deployment"],
    ["  measure: $.a\n  stages: []", 4, 3, "'stages' is of strategy canary"],
  ])("%j is told of at its place", (lines, line, column, message) => {
    const { file, problems } = parseDeploymentFile(written(lines));
    expect(file).toBeUndefined();
    expect(problems[0]).toMatchObject({ line, column, message: expect.stringContaining(message) });
  });

  it("tells of all that is wrong with a measure at once", () => {
    const { problems } = parseDeploymentFile(written("  measure:", "    path: $.score[", "    better: hihger"));
    expect(problems).toMatchObject([
      { line: 4, column: 18, message: expect.stringContaining("leads nowhere") },
      { line: 5, column: 13, nearest: "higher" },
    ]);
  });

  it("has what was meant beside a word that is none", () => {
    const { problems } = parseDeploymentFile(written("  measure: $.a", "  durtion: 5m"));
    expect(problems[0]).toMatchObject({ nearest: "duration" });
    expect(parseDeploymentFile("deployment:\n  strategy: abb\n").problems[0]).toMatchObject({ nearest: "ab" });
  });
});
