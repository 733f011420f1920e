import type { Finding } from "@caxton/contracts/validation";
import type { Limits } from "@caxton/deployment/state";
import { errorFinding } from "./findings.ts";
import { percentile } from "./percentile.ts";
import type { Facts } from "./report.ts";

export interface Measured {
  readonly startMs: number;
  /** One for every message handled. */
  readonly latenciesMs: readonly number[];
  readonly memoryPeakBytes: number;
  /** The most that the outputs of one message had. */
  readonly outputMaxBytes: number;
}

export function profileFacts(measured: Measured): Facts<"resources"> {
  const { startMs, latenciesMs, memoryPeakBytes, outputMaxBytes } = measured;
  const some = latenciesMs.length > 0;
  return {
    startMs,
    ...(some ? { messageP50Ms: percentile(latenciesMs, 50), messageP99Ms: percentile(latenciesMs, 99) } : {}),
    memoryPeakBytes,
    outputMaxBytes,
  };
}

/** What of the profile is beyond the limits of the deployment. */
export function judgeProfile(facts: Facts<"resources">, limits: Limits): Finding[] {
  const findings: Finding[] = [];
  const { messageP50Ms = 0, messageP99Ms = 0, memoryPeakBytes = 0, outputMaxBytes = 0 } = facts;
  if (messageP99Ms > limits.p99MaxMs) {
    findings.push(
      errorFinding(
        "too-slow",
        `99 % of its own examples take up to ${rounded(messageP99Ms)} ms (half of them up to ${rounded(messageP50Ms)} ms), the limit is ${limits.p99MaxMs} ms: make handle() faster or raise p99MaxMs`,
      ),
    );
  }
  if (memoryPeakBytes > limits.memoryMaxBytes) {
    findings.push(
      errorFinding(
        "memory-over-limit",
        `its memories grew to ${memoryPeakBytes} bytes together, the limit is ${limits.memoryMaxBytes}: use less or raise memoryMaxBytes`,
      ),
    );
  }
  if (outputMaxBytes > limits.outputMaxBytes) {
    findings.push(
      errorFinding(
        "output-too-large",
        `the outputs of one example have ${outputMaxBytes} bytes, the limit is ${limits.outputMaxBytes}`,
      ),
    );
  }
  return findings;
}

function rounded(ms: number): string {
  return ms.toPrecision(3);
}
