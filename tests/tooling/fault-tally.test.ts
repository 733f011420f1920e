import { describe, expect, it } from "vitest";
import { resultsOf, tally, type TestResult } from "../../scripts/fault-tally.ts";

const result = (name: string, seconds: number, failure = ""): TestResult => ({
  file: "tests/chaos/some.test.ts",
  name,
  passed: failure === "",
  seconds,
  failure,
});

describe("the tally of fault tests", () => {
  it("counts what ran, leaves out what was skipped, and takes a hook that threw for a failure", () => {
    const report = {
      testResults: [
        {
          name: "/checkout/tests/chaos/some.test.ts",
          status: "passed",
          assertionResults: [
            { status: "passed", fullName: "survives", duration: 1_500 },
            { status: "skipped", fullName: "is long" },
          ],
        },
        { name: "/checkout/tests/chaos/other.test.ts", status: "failed", message: "hook\nstack", assertionResults: [] },
      ],
    };
    expect(resultsOf(report, "/checkout")).toEqual([
      result("survives", 1.5),
      { ...result("(the file itself)", 0, "hook"), file: "tests/chaos/other.test.ts" },
    ]);
  });

  it("says of each test how often it was green, how long it took, and what went wrong", () => {
    const rounds = [
      [result("a", 1), result("b", 5, "lost 1")],
      [result("a", 3), result("b", 2)],
      [result("a", 2), result("b", 4, "lost 1")],
    ];
    expect(tally(rounds)).toEqual([
      "tests/chaos/some.test.ts",
      "  ✓   3 of 3  a (2.0 s, at most 3.0 s)",
      "  ✗   1 of 3  b (4.0 s, at most 5.0 s)",
      "             lost 1",
    ]);
  });
});
