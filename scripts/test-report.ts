import { existsSync, readFileSync } from "node:fs";

export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  /** full names of the tests that did not run */
  readonly skipped: readonly string[];
}

/** The part of vitest's JSON report (the format of jest's) that is counted. */
interface FileResult {
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

/**
 * Counts a vitest JSON report. A file that failed without a failed test (it did not load, or a hook threw) counts as one,
 * and so does a run that ended badly although every test passed (an unhandled error, no report, nothing to run).
 */
export function readTestReport(path: string, exitCode: number): TestReport {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: [] };
  const { testResults } = JSON.parse(readFileSync(path, "utf8")) as { testResults: readonly FileResult[] };
  let passed = 0;
  let failed = 0;
  const skipped: string[] = [];
  for (const file of testResults) {
    const failedBefore = failed;
    for (const { status, fullName } of file.assertionResults) {
      if (status === "passed") passed += 1;
      else if (status === "failed") failed += 1;
      else skipped.push(fullName);
    }
    if (file.status === "failed" && failed === failedBefore) failed += 1;
  }
  if (failed === 0 && (exitCode !== 0 || passed === 0)) failed = 1;
  return { passed, failed, skipped };
}
