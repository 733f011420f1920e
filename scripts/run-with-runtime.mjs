import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const runtime = join(root, "node_modules", ".bin", "node");

// A terminal sends these to the whole process group, so the child has them already;
// a second one would look like the impatient Ctrl-C that skips the graceful end.
const SENT_BY_TERMINAL = new Set(["SIGINT", "SIGQUIT"]);
const FORWARDED = ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR2"];

const LOOK_FOR_PARENT_MS = 500;

/**
 * Runs the pinned Node with these arguments in the caller's place: same stdio, signals passed on,
 * and this process ends with the child's exit code (128 + signal number if a signal ended it).
 *
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function runWithRuntime(args, env = process.env) {
  const isTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  const child = spawn(runtime, args, { stdio: "inherit", env });
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      if (!(isTerminal && SENT_BY_TERMINAL.has(signal))) child.kill(signal);
    });
  }
  if (process.env.npm_command) endWithParent(child);
  child.on("error", (error) => {
    console.error(`${runtime} does not start: ${error.message}; remove node_modules and run again`);
    process.exit(70);
  });
  child.on("exit", (code, signal) => {
    process.exit(signal === null ? code : 128 + constants.signals[signal]);
  });
}

/**
 * npm and npx start programs through `sh -c` and pass a signal to that shell alone, which dies without telling anybody.
 * So, under npm only, a parent that is gone means that somebody asked for the end.
 */
function endWithParent(child) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, LOOK_FOR_PARENT_MS);
}
