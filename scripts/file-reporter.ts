import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, SerializedError, TestModule, Vitest } from "vitest/node";
import type { FileReport, RunReport } from "./test-report.ts";

/** Writes a `RunReport` to the path in `CAXTON_RUN_REPORT` when the run ends. */
export default class FileReporter implements Reporter {
  #root = process.cwd();

  onInit({ config }: Vitest): void {
    this.#root = config.root;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const path = process.env["CAXTON_RUN_REPORT"];
    if (path === undefined) return;
    const errors = unhandled.map((error) => ({ file: this.#fileOf(error), line: `unhandled: ${error.message}` }));
    const files = modules.map((module) => {
      const own = errors.filter(({ file }) => file === module.relativeModuleId).map(({ line }) => line);
      return toFileReport(module, own);
    });
    const known = new Set(files.map(({ file }) => file));
    const homeless = errors.filter(({ file }) => !known.has(file)).map(({ line }) => line);
    const report: RunReport = { files, errors: homeless };
    writeFileSync(path, JSON.stringify(report));
  }

  #fileOf(error: SerializedError): string {
    const path: unknown = error["VITEST_TEST_PATH"];
    return typeof path === "string" ? relative(this.#root, path) : "";
  }
}

function toFileReport(module: TestModule, unhandled: readonly string[]): FileReport {
  const tests = [...module.children.allTests()];
  const named = (state: string): string[] =>
    tests.filter((test) => test.result().state === state).map(({ fullName }) => fullName);
  const failed = [...named("failed"), ...unhandled];
  // A file that did not load, or whose hook threw.
  if (failed.length === 0 && module.state() === "failed")
    failed.push(
      ...module.errors().map(({ message }) => message),
      ...(module.errors().length === 0 ? ["a hook threw"] : []),
    );
  return {
    file: module.relativeModuleId,
    project: module.project.name,
    passed: named("passed").length,
    failed,
    skipped: [...named("skipped"), ...named("pending")],
  };
}
