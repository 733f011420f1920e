import { existsSync, readFileSync } from "node:fs";

/** One test file, as `file-reporter.ts` writes it down when the run ends. */
export interface FileReport {
  /** from the project's root */
  readonly file: string;
  /** the vitest project */
  readonly project: string;
  readonly passed: number;
  /** full names of failed tests, and a line for each error that belongs to no test */
  readonly failed: readonly string[];
  /** full names of the tests that did not run */
  readonly skipped: readonly string[];
}

export interface RunReport {
  readonly files: readonly FileReport[];
  /** errors that belong to no file, and a run that ended badly without one */
  readonly errors: readonly string[];
}

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** Starts no process and waits for nobody: it fails for a reason of its own. */
const pureProject = "unit";
/** More than that is no bad moment of the machine. */
const maxTriedAgain = 5;

/** A run that left no report, failed without saying where, or ran nothing, has an error of its own. */
export function readRunReport(path: string, exitCode: number): RunReport {
  if (!existsSync(path)) return { files: [], errors: ["the test run left no report"] };
  const report = JSON.parse(readFileSync(path, "utf8")) as RunReport;
  const { passed, failed } = countTests(report);
  if (failed === 0 && exitCode !== 0)
    return { ...report, errors: [`every test passed and the run ended with ${exitCode}`] };
  if (failed === 0 && passed === 0) return { ...report, errors: ["no test was run"] };
  return report;
}

export function countTests({ files, errors }: RunReport): TestCounts {
  return {
    passed: files.reduce((sum, { passed }) => sum + passed, 0),
    failed: files.reduce((sum, { failed }) => sum + failed.length, errors.length),
    skipped: files.flatMap(({ skipped }) => skipped),
  };
}

/**
 * The files worth a second try, each as a whole and on fresh servers: of two thousand tests with real processes one comes late now and
 * then on a machine that others use too. None where a pure test failed, or too many.
 */
export function filesToTryAgain({ files, errors }: RunReport): readonly string[] {
  const failed = files.filter((file) => file.failed.length > 0);
  const isHopeless = errors.length > 0 || failed.length > maxTriedAgain;
  return isHopeless || failed.some(({ project }) => project === pureProject) ? [] : failed.map(({ file }) => file);
}

/** The first run, with what its failed files did when they were run again in their place. */
export function withSecondTry(first: RunReport, second: RunReport): RunReport {
  const again = new Map(second.files.map((file) => [file.file, file]));
  return { files: first.files.map((file) => again.get(file.file) ?? file), errors: second.errors };
}
