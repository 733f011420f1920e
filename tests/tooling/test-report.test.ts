import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  countTests,
  type FileReport,
  filesToTryAgain,
  readRunReport,
  type RunReport,
  withSecondTry,
} from "../../scripts/test-report.ts";

const folder = mkdtempSync(join(tmpdir(), "caxton-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, counts: Partial<FileReport> = {}): FileReport => ({
  file: `tests/path/${name}.test.ts`,
  project: "path",
  passed: 1,
  failed: [],
  skipped: [],
  ...counts,
});
const run = (...files: readonly FileReport[]): RunReport => ({ files, errors: [] });

function read(report: RunReport, exitCode: number): RunReport {
  const path = join(folder, "report.json");
  writeFileSync(path, JSON.stringify(report));
  return readRunReport(path, exitCode);
}

describe("a run's report", () => {
  it("counts tests over all files, and errors of none", () => {
    const report = { files: [file("a", { passed: 2 }), file("b", { failed: ["x"], skipped: ["y"] })], errors: ["z"] };
    expect(countTests(read(report, 1))).toEqual({ passed: 3, failed: 2, skipped: ["y"] });
  });

  it("counts a bad end after passing tests, no tests, and no report as one failure", () => {
    expect(countTests(read(run(file("a")), 1)).failed).toBe(1);
    expect(countTests(read(run(file("a", { passed: 0, skipped: ["x"] })), 0)).failed).toBe(1);
    expect(countTests(readRunReport(join(folder, "none.json"), 0)).failed).toBe(1);
  });

  it("has no failure where there is none", () => {
    expect(countTests(read(run(file("a")), 0))).toEqual({ passed: 1, failed: 0, skipped: [] });
  });
});

describe("a second try", () => {
  const late = file("late", { passed: 3, failed: ["came late"] });

  it("is for a file that starts real processes, as a whole, and takes its place", () => {
    const first = run(file("a"), late);
    expect(filesToTryAgain(first)).toEqual([late.file]);
    const good = withSecondTry(first, run(file("late", { passed: 4 })));
    expect(countTests(good)).toEqual({ passed: 5, failed: 0, skipped: [] });
    const bad = withSecondTry(first, run(late));
    expect(countTests(bad)).toEqual({ passed: 4, failed: 1, skipped: [] });
  });

  it("leaves a file that was not run again failed, and an error of the second run is one", () => {
    const report = withSecondTry(run(late), { files: [], errors: ["no test was run"] });
    expect(countTests(report)).toMatchObject({ failed: 2 });
  });

  it("is for no pure test, no error of the whole run, and not where much fails", () => {
    expect(filesToTryAgain(run(late, file("u", { project: "unit", failed: ["x"] })))).toEqual([]);
    expect(filesToTryAgain({ files: [late], errors: ["out of memory"] })).toEqual([]);
    expect(filesToTryAgain(run(...["a", "b", "c", "d", "e", "f"].map((n) => file(n, { failed: ["x"] }))))).toEqual([]);
  });
});
