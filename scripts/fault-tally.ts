/** One test in one round. */
export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** First line of what went wrong; empty where nothing did. */
  readonly failure: string;
}

/** The part of vitest's JSON report (the format of jest's) that is told. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly duration?: number | null;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** What ran in a round; a file that failed without a failed test (a hook threw, it did not load) counts as one. */
export function resultsOf(report: Report, root: string): TestResult[] {
  return report.testResults.flatMap(({ name, status, message = "", assertionResults }) => {
    const file = name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;
    const ran = assertionResults.filter((one) => one.status === "passed" || one.status === "failed");
    const results = ran.map(({ status: result, fullName, duration, failureMessages }): TestResult => ({
      file,
      name: fullName,
      passed: result === "passed",
      seconds: (duration ?? 0) / 1_000,
      failure: firstLine(failureMessages?.[0] ?? ""),
    }));
    if (status === "failed" && results.every(({ passed }) => passed)) {
      results.push({ file, name: "(the file itself)", passed: false, seconds: 0, failure: firstLine(message) });
    }
    return results;
  });
}

/** A row for each test over all rounds, by file, and a line of what went wrong under it for each failure that differs. */
export function tally(rounds: readonly (readonly TestResult[])[]): string[] {
  const files = Map.groupBy(rounds.flat(), ({ file }) => file);
  return [...files]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .flatMap(([file, results]) => {
      const tests = [...Map.groupBy(results, ({ name }) => name)];
      return [
        file,
        ...tests.flatMap(([name, runs]) => {
          const passed = runs.filter((run) => run.passed);
          const seconds = runs.map((run) => run.seconds).toSorted((a, b) => a - b);
          const median = seconds[Math.floor(seconds.length / 2)] ?? 0;
          const mark = passed.length === runs.length ? "✓" : "✗";
          const count = `${passed.length} of ${runs.length}`.padStart(8);
          const times = `${median.toFixed(1)} s, at most ${(seconds.at(-1) ?? 0).toFixed(1)} s`;
          const failures = new Set(runs.filter((run) => !run.passed).map(({ failure }) => failure));
          return [
            `  ${mark} ${count}  ${name} (${times})`,
            ...[...failures].map((failure) => `${" ".repeat(13)}${failure}`),
          ];
        }),
      ];
    });
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0]?.slice(0, 300) ?? "";
}
