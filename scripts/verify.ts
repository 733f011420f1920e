import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { countTests, filesToTryAgain, readRunReport, type RunReport, withSecondTry } from "./test-report.ts";

// Everything a change has to pass, cheapest first; arguments go to vitest (`pnpm verify --project unit`).
// The last line is always `N passed, N failed`, with `, N skipped` where tests were skipped.

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules", ".bin");
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };

/** The running step is ended, counts as failed, and nothing is left behind. */
const STOPPED_BY = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const MAX_SKIPPED_NAMED = 10;

const checks = [
  { title: "format", command: "oxfmt", args: ["--check"] },
  { title: "lint", command: "oxlint", args: ["--type-aware", "--deny-warnings"] },
  {
    title: "dependency rules",
    command: "depcruise",
    args: ["--config", "dependency-cruiser.config.cjs", "libs", "services", "apps", "tests"],
  },
  { title: "types", command: "tsc", args: ["--noEmit"] },
];

function run(
  command: string,
  args: string[],
  output: "kept" | "shown",
  more: Readonly<Record<string, string>> = {},
): Promise<{ code: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number; text: string }>();
  const child = spawn(join(bin, command), args, {
    cwd: root,
    env: { ...env, ...more },
    stdio: ["ignore", output === "kept" ? "pipe" : "inherit", output === "kept" ? "pipe" : "inherit"],
  });
  let text = "";
  const keep = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const stop = (): void => {
    child.kill("SIGTERM");
  };
  for (const signal of STOPPED_BY) process.on(signal, stop);
  child.on("error", reject);
  child.on("close", (code) => {
    for (const signal of STOPPED_BY) process.off(signal, stop);
    resolve({ code: code ?? 1, text });
  });
  return promise;
}

async function runChecks(): Promise<boolean> {
  for (const { title, command, args } of checks) {
    const startedAt = performance.now();
    const { code, text } = await run(command, args, "kept");
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${code === 0 ? "✓" : "✗"} ${title} (${seconds}s)`);
    if (code !== 0) {
      console.log(
        `${text.trimEnd()}\n\n${title} failed: ${command} ${args.join(" ")}; what comes after it was not run`,
      );
      return false;
    }
  }
  return true;
}

async function runTests(vitestArgs: string[]): Promise<RunReport> {
  const folder = mkdtempSync(join(tmpdir(), "caxton-verify-"));
  const reportPath = join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", `--reporter=${join(import.meta.dirname, "file-reporter.ts")}`];
    const reportTo = { CAXTON_RUN_REPORT: reportPath };
    const { code } = await run("vitest", ["run", ...reporters, ...vitestArgs], "shown", reportTo);
    return readRunReport(reportPath, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runTestsTwiceAtMost(vitestArgs: string[]): Promise<RunReport> {
  const first = await runTests(vitestArgs);
  const files = filesToTryAgain(first);
  if (files.length === 0) return first;
  console.log(`\nfailed, and tried again on fresh servers: ${files.join(" ")}`);
  const second = await runTests([...files, "--maxWorkers=1"]);
  for (const { file, failed } of first.files)
    for (const name of failed) console.log(`failed at the first try: ${file} > ${name}`);
  return withSecondTry(first, second);
}

function summary(report: RunReport): string {
  const { passed, failed, skipped } = countTests(report);
  const counts = `${passed} passed, ${failed} failed`;
  return skipped.length === 0 ? counts : `${counts}, ${skipped.length} skipped`;
}

function skippedNames(names: readonly string[]): string {
  const more = names.length - MAX_SKIPPED_NAMED;
  return [...names.slice(0, MAX_SKIPPED_NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join(" · ");
}

const nothingRun: RunReport = { files: [], errors: ["a check failed"] };
const report = (await runChecks()) ? await runTestsTwiceAtMost(process.argv.slice(2)) : nothingRun;
const { failed, skipped } = countTests(report);
if (skipped.length > 0) console.log(`skipped: ${skippedNames(skipped)}`);
if (process.env["CAXTON_LONG"] !== "1")
  console.log("not run: fault tests that take minutes, and the soak (pnpm test:long)");
for (const error of report.errors) console.log(`failed: ${error}`);
console.log(summary(report));
process.exitCode = failed === 0 ? 0 : 1;
