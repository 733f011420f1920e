import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readTestReport } from "../../scripts/test-report.ts";

const folder = mkdtempSync(join(tmpdir(), "caxton-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

function report(...files: readonly { readonly status: string; readonly tests: readonly string[] }[]): string {
  const path = join(folder, "report.json");
  const testResults = files.map(({ status, tests }) => ({
    status,
    assertionResults: tests.map((result, index) => ({ status: result, fullName: `test ${index}` })),
  }));
  writeFileSync(path, JSON.stringify({ testResults }));
  return path;
}

describe("readTestReport", () => {
  it("counts tests over all files", () => {
    const path = report(
      { status: "passed", tests: ["passed", "skipped", "todo"] },
      { status: "failed", tests: ["failed", "passed", "failed"] },
    );
    expect(readTestReport(path, 1)).toEqual({ passed: 2, failed: 2, skipped: ["test 1", "test 2"] });
  });

  it("counts a file that did not load as one failure", () => {
    const path = report({ status: "failed", tests: [] }, { status: "passed", tests: ["passed"] });
    expect(readTestReport(path, 1)).toEqual({ passed: 1, failed: 1, skipped: [] });
  });

  it("counts a bad end after passing tests, no tests, and no report as one failure", () => {
    expect(readTestReport(report({ status: "passed", tests: ["passed"] }), 1).failed).toBe(1);
    expect(readTestReport(report({ status: "passed", tests: ["skipped"] }), 0).failed).toBe(1);
    expect(readTestReport(join(folder, "none.json"), 0).failed).toBe(1);
  });

  it("reports no failure where there is none", () => {
    expect(readTestReport(report({ status: "passed", tests: ["passed"] }), 0)).toEqual({
      passed: 1,
      failed: 0,
      skipped: [],
    });
  });
});
