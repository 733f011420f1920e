/** Starts a runner and stands still from the moment its thread is made until it is woken; tells what came of it. */
import { type CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { startRunner } from "@caxton/wasm-agent/runner";

const [preparedDir = "", startTimeoutMs = ""] = process.argv.slice(2);
process.once("worker", () => process.kill(process.pid, "SIGSTOP"));
const options = { preparedDir, configuration: "{}", messageTimeoutMs: 300, outputMaxBytes: 1_024 };
const failure = await startRunner({ ...options, startTimeoutMs: Number(startTimeoutMs) }).then(
  (runner) => runner.close(),
  (error: unknown): CaxtonError => toCaxtonError(error),
);
process.send?.(failure === undefined ? "started" : `${failure.code}: ${failure.message}`);
process.disconnect?.();
