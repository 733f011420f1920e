/** Starts a runner and stands still from the moment its thread is asked to begin until it is woken; tells what came of it. */
import { once } from "node:events";
import { type CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { startRunner } from "@caxton/wasm-agent/runner";
import { openThread } from "@caxton/wasm-agent/runner-thread";

const [preparedDir = "", startTimeoutMs = ""] = process.argv.slice(2);
const thread = openThread();
await once(thread, "online");
const post = thread.postMessage.bind(thread);
thread.postMessage = (request) => {
  thread.postMessage = post;
  post(request);
  // Its time is running by then.
  setImmediate(() => process.kill(process.pid, "SIGSTOP"));
};
const options = { thread, preparedDir, configuration: "{}", messageTimeoutMs: 300, outputMaxBytes: 1_024 };
const failure = await startRunner({ ...options, startTimeoutMs: Number(startTimeoutMs) }).then(
  (runner) => runner.close(),
  (error: unknown): CaxtonError => toCaxtonError(error),
);
process.send?.(failure === undefined ? "started" : `${failure.code}: ${failure.message}`);
process.disconnect?.();
