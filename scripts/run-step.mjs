import { spawn } from "node:child_process";

const STILL_RUNNING_MS = 10_000;
const TAIL_LINES = 40;

/** Something a person has to mend; its message says what and how, so no stack is shown. */
export class BootstrapError extends Error {}

/**
 * Runs a command that may take a while: says so at once, again every 10 s with the command's last line,
 * and shows what it printed only when it fails. All of it on stderr: stdout belongs to the program started afterwards.
 *
 * @param {{ title: string, command: string, args: string[], cwd?: string, env?: NodeJS.ProcessEnv, missing: string, failed: string }} step
 *   `missing` and `failed` are what to tell the person when the command does not exist or does not succeed
 * @returns {Promise<void>}
 * @throws {BootstrapError}
 */
export function runStep({ title, command, args, cwd, env, missing, failed }) {
  const startedAt = Date.now();
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1);
  process.stderr.write(`${title} …\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-64_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const reminder = setInterval(() => {
      process.stderr.write(`${title} … ${seconds()} s  ${lastLines(output, 1)}\n`);
    }, STILL_RUNNING_MS);
    child.on("error", (error) => {
      clearInterval(reminder);
      reject(new BootstrapError(error.code === "ENOENT" ? missing : `${command}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      clearInterval(reminder);
      if (code === 0) {
        process.stderr.write(`${title}: done in ${seconds()} s\n`);
        resolve();
        return;
      }
      process.stderr.write(`${lastLines(output, TAIL_LINES)}\n`);
      reject(new BootstrapError(`${title}: ${command} ended with ${signal ?? code} after ${seconds()} s. ${failed}`));
    });
  });
}

function lastLines(text, count) {
  return text
    .trimEnd()
    .split(/[\r\n]+/)
    .slice(-count)
    .join("\n");
}
