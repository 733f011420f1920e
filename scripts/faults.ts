/** `pnpm test:faults`: runs the fault tests again and again and says how often each was green. `--help` says more. */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type Report, resultsOf, tally, type TestResult } from "./fault-tally.ts";

const help = `pnpm test:faults [--times N] [--long] [--per-second N] [--only PATTERN] [--record FILE] [file…]

Runs the tests that kill, freeze and overfill things N times (1 unless given), one after the other, and prints for each
how often it was green and how long it took. Exit code 1 where one failed now. tests/chaos alone is about seven minutes
a time on 2 cores.

  --times N        so often
  --long           also what takes minutes by itself (pnpm test:long)
  --per-second N   so many messages a second where rollouts are struck, instead of 400
  --only PATTERN   only tests whose name fits
  --record FILE    adds each round to this file, and counts all that is in it: what was run on another day too
  file…            test files or folders; tests/chaos and tests/path unless given`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string", default: "1" },
    long: { type: "boolean", default: false },
    "per-second": { type: "string" },
    only: { type: "string" },
    record: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const root = join(import.meta.dirname, "..");

/** @returns undefined where it was stopped, or left no report */
async function round(files: readonly string[], stopping: AbortSignal): Promise<TestResult[] | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "caxton-faults-"));
  const path = join(folder, "report.json");
  const only = values.only === undefined ? [] : ["-t", values.only];
  const args = ["run", "--project", "path", "--reporter=default", "--reporter=json", `--outputFile.json=${path}`];
  try {
    const perSecond = values["per-second"];
    const env = {
      ...process.env,
      ...(values.long ? { CAXTON_LONG: "1" } : {}),
      ...(perSecond === undefined ? {} : { CAXTON_FAULTS_PER_SECOND: perSecond }),
    };
    const child = spawn(join(root, "node_modules", ".bin", "vitest"), [...args, ...only, ...files], {
      cwd: root,
      env,
      stdio: ["ignore", "inherit", "inherit"],
    });
    const stop = (): void => void child.kill("SIGTERM");
    stopping.addEventListener("abort", stop, { once: true });
    await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
    stopping.removeEventListener("abort", stop);
    if (stopping.aborted || !existsSync(path)) return undefined;
    return resultsOf(JSON.parse(readFileSync(path, "utf8")) as Report, root);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function recorded(file: string | undefined): TestResult[][] {
  if (file === undefined || !existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TestResult[]);
}

async function main(): Promise<number> {
  const perSecond = Number(values["per-second"] ?? 1);
  if (!Number.isInteger(perSecond) || perSecond < 1) {
    process.stderr.write(`--per-second is '${values["per-second"]}'; it takes a whole number from 1 on\n`);
    return 2;
  }
  const times = Number(values.times);
  if (!Number.isInteger(times) || times < 1 || times > 1_000) {
    process.stderr.write(`--times is '${values.times}'; it takes a whole number from 1 to 1000\n`);
    return 2;
  }
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
  const files = positionals.length === 0 ? ["tests/chaos", "tests/path"] : positionals;
  const rounds = recorded(values.record);
  const before = rounds.length;
  let missing = 0;
  for (let time = 1; time <= times && !stopping.signal.aborted; time += 1) {
    console.log(`\nround ${time} of ${times}`);
    const results = await round(files, stopping.signal);
    if (results === undefined) missing += 1;
    else {
      rounds.push(results);
      if (values.record !== undefined) appendFileSync(values.record, `${JSON.stringify(results)}\n`);
    }
  }
  console.log(`\n${tally(rounds).join("\n")}`);
  const failuresIn = (some: readonly TestResult[][]): number => some.flat().filter(({ passed }) => !passed).length;
  const now = rounds.slice(before);
  const broken = missing === 0 ? "" : `, ${missing} broke off`;
  console.log(`\n${rounds.length} rounds, ${rounds.flat().length} tests run, ${failuresIn(rounds)} failed${broken}`);
  return failuresIn(now) > 0 || missing > 0 || now.length === 0 ? 1 : 0;
}

if (values.help) console.log(help);
else process.exitCode = await main();
