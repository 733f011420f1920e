/**
 * A process for work on components that nobody trusts yet. The work itself runs in a worker thread, so that this thread
 * can watch the memory and notice when the parent is gone, whatever the work does.
 */
import process from "node:process";
import { Worker } from "node:worker_threads";
import { memoryExitCode, type ToolAnswer, type ToolRequest } from "./toolchain-protocol.ts";

const watchIntervalMs = 25;
const worker = new Worker(new URL("./toolchain-worker.ts", import.meta.url), { execArgv: [] });
let maxResidentBytes = Number.POSITIVE_INFINITY;

worker.on("message", (answer: ToolAnswer) => {
  maxResidentBytes = Number.POSITIVE_INFINITY;
  process.send?.(answer);
});
worker.on("error", (error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
process.on("message", (request: ToolRequest) => {
  maxResidentBytes = request.maxResidentBytes;
  worker.postMessage(request);
});
process.on("disconnect", () => process.exit(0));
setInterval(() => {
  if (process.memoryUsage.rss() > maxResidentBytes) process.exit(memoryExitCode);
}, watchIntervalMs);
