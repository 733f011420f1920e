import type { RunAnswer, RunResult } from "@caxton/contracts/agent-run";

/**
 * The answer as bytes, at most `maxBytes` of them: what does not fit is left `unfinished`, so that it is asked again alone;
 * a single result that does not fit by itself has failed.
 */
export function boundedAnswer(instance: string, results: readonly RunResult[], maxBytes: number): Uint8Array {
  const data = encode({ status: "done", instance, results: [...results] });
  if (data.length <= maxBytes) return data;
  const largest = results.toSorted((left, right) => weight(right) - weight(left))[0];
  const shorter = results.map((result) => (result === largest ? cut(result, results.length, maxBytes) : result));
  return boundedAnswer(instance, shorter, maxBytes);
}

function cut(result: RunResult, count: number, maxBytes: number): RunResult {
  const { index } = result;
  if (count > 1) return { index, result: "unfinished" };
  const latencyMs = result.result === "unfinished" ? 0 : result.latencyMs;
  const reason = `the outputs do not fit into one answer of ${maxBytes} bytes`;
  return { index, result: "failed", code: "output-too-large", reason, retry: false, latencyMs };
}

function weight(result: RunResult): number {
  if (result.result !== "handled") return 0;
  return result.outputs.reduce((sum, output) => sum + output.body.length, 1);
}

function encode(answer: RunAnswer): Uint8Array {
  // A quarter of what a TextEncoder takes.
  return Buffer.from(JSON.stringify(answer));
}
