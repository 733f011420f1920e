import { describe, expect, it } from "vitest";
import { type Finding, failureOf, type ValidationReport } from "./validation.ts";

const error: Finding = { severity: "error", code: "import-not-granted", message: "imports wasi:sockets/tcp" };
const warning: Finding = { severity: "warning", code: "breaking-change", message: "allowed" };
const stage = (...findings: Finding[]) => ({ passed: !findings.includes(error), durationMs: 1, findings });

function report(changes: Partial<ValidationReport>): ValidationReport {
  const first = { ...stage(), sizeBytes: 1, imports: [], exports: [] };
  return { digest: "a".repeat(64), passed: true, durationMs: 2, cached: false, static: first, ...changes };
}

describe("why a report did not pass", () => {
  it("is its first error, with the stage that found it", () => {
    const found = report({ passed: false, sandbox: stage(warning, error) });
    expect(failureOf(found)).toEqual({ stage: "sandbox", finding: error });
  });

  it("is nothing where there are only warnings", () => {
    expect(failureOf(report({ sandbox: stage(warning) }))).toBeUndefined();
  });
});
