import { readFileSync } from "node:fs";
import process from "node:process";
import { CaxtonError, errorCodes, toCaxtonError } from "@caxton/contracts/errors";
import { CommanderError } from "commander";
import { failureLines, failureValue } from "./failure.ts";
import { Interrupted } from "./interrupt.ts";
import { openOutput } from "./output.ts";
import { buildProgram } from "./program.ts";

const interruptedExitCode = 130;
const argv = process.argv.slice(2);
const output = openOutput(isJsonWanted(argv));

try {
  // `caxton help deploy` is `caxton deploy --help`.
  const words = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
  const program = await buildProgram(words, version());
  await program.parseAsync(words.length === 0 ? ["--help"] : words, { from: "user" });
} catch (error) {
  process.exitCode = tell(error);
}

/** @returns the exit code */
function tell(error: unknown): number {
  if (error instanceof Interrupted) {
    if (error.message !== "") output.note(`\n${error.message}`);
    return interruptedExitCode;
  }
  const failure = error instanceof CommanderError ? usageError(error) : toCaxtonError(error);
  if (failure === undefined) return 0;
  output.value(failureValue(failure));
  for (const line of failureLines(failure)) output.note(line);
  return errorCodes[failure.code].exit;
}

/** What the command line lacks or has too much of; undefined where help or the version was asked for and shown. */
function usageError({ code, exitCode, message }: CommanderError): CaxtonError | undefined {
  if (exitCode === 0) return undefined;
  if (code === "commander.help") {
    return new CaxtonError("invalid-argument", "a command is missing; --help shows what there is");
  }
  const file = /unknown command '([^']+\.wasm)'/.exec(message)?.[1];
  if (file !== undefined) return new CaxtonError("invalid-argument", `did you mean: caxton deploy agent ${file}`);
  return new CaxtonError("invalid-argument", message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " "));
}

function isJsonWanted(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? undefined : end).includes("--json");
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}
