import type { AgentDescription } from "@caxton/contracts/agent-description";
import type { Finding } from "@caxton/contracts/validation";
import { type ExampleResult, examplesOf, judgeExample } from "../core/examples.ts";
import { judgeProfile, type Measured, profileFacts } from "../core/profile.ts";
import type { StageOutcome } from "../core/report.ts";
import type { StageContext } from "./stage-context.ts";

/** Every example is handled at least so often, and then again until the time is over. */
const minRounds = 20;
const profileMs = 100;
/** Even the least number of rounds ends here; agents so slow are beyond any sensible limit. */
const profileMaxMs = 6_000;
const maxMessages = 2_000;
/** A neighbour may have had the processor: what looks too slow is measured once more, and the better one counts. */
const attempts = 2;

/** ADR stage 4: what the agent takes, measured on its own examples in the sandbox, against the limits asked for. */
export async function resourcesStage(
  context: StageContext,
  description: AgentDescription,
  startMs: number,
): Promise<StageOutcome<"resources">> {
  const { limits } = context.request;
  let best: StageOutcome<"resources"> | undefined;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { measured, failures } = await measure(context, description, startMs);
    const facts = profileFacts(measured);
    const findings = [...failures, ...judgeProfile(facts, limits)];
    if (best === undefined || (facts.messageP99Ms ?? 0) < (best.facts.messageP99Ms ?? 0)) best = { findings, facts };
    if (findings.every(({ code }) => code !== "too-slow")) break;
  }
  return best ?? { findings: [], facts: { startMs } };
}

async function measure(
  { sandbox, request }: StageContext,
  description: AgentDescription,
  startMs: number,
): Promise<{ readonly measured: Measured; readonly failures: readonly Finding[] }> {
  const examples = examplesOf(description);
  const handled: ExampleResult[] = [];
  let memoryPeakBytes = 0;
  const startedMs = performance.now();
  for (let round = 0; ; round += 1) {
    const tookMs = performance.now() - startedMs;
    if (round > 0 && tookMs > profileMaxMs) break;
    if (round >= minRounds && (tookMs > profileMs || handled.length > maxMessages)) break;
    const messages = examples.map(({ id, kind, body }) => ({ id: `${id}/${round}`, kind, body }));
    const answered = await sandbox.handle(messages, profileMaxMs + request.limits.messageTimeoutMs);
    memoryPeakBytes = answered.memoryPeakBytes;
    const failures = answered.results.flatMap((result, index) => {
      if (result.result === "unfinished") return [];
      const label = `${examples[index]?.label ?? "an example"}, asked for the ${round + 1}th time`;
      return judgeExample(label, result) ?? [];
    });
    handled.push(...answered.results.filter(({ result }) => result === "handled"));
    if (failures.length > 0) return { measured: measuredOf(handled, startMs, memoryPeakBytes), failures };
  }
  return { measured: measuredOf(handled, startMs, memoryPeakBytes), failures: [] };
}

function measuredOf(handled: readonly ExampleResult[], startMs: number, memoryPeakBytes: number): Measured {
  return {
    startMs,
    latenciesMs: handled.map(({ latencyMs }) => latencyMs),
    memoryPeakBytes,
    outputMaxBytes: Math.max(0, ...handled.map(({ outputBytes }) => outputBytes)),
  };
}
