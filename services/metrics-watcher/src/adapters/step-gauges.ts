import { versionNames } from "@caxton/contracts/version-names";
import type { Metrics, Sample } from "@caxton/telemetry/registry";
import type { FoundStep } from "./watched-steps.ts";

export interface StepsOfAgent {
  readonly agent: string;
  readonly steps: readonly FoundStep[];
}

const outcomes = ["pass", "fail", "inconclusive"] as const;

/** What canaries come to while they are judged; every metrics-watcher tells the same. @returns how to end that */
export function gaugeSteps(metrics: Metrics, agents: () => readonly StepsOfAgent[]): () => void {
  const ends = [
    metrics.gauge(
      "caxton_canary_step_messages",
      "Messages since the step began, by what they mean for the canary.",
      () => agents().flatMap(messages),
    ),
    metrics.gauge("caxton_canary_verdict", "1 for what the canary's step comes to now, 0 for the others.", () =>
      agents().flatMap(verdicts),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function messages({ agent, steps }: StepsOfAgent): readonly Sample[] {
  return steps.flatMap(({ version, counts }) =>
    Object.entries({
      handled: counts.handled,
      fallback: counts.fallbacks,
      failed: counts.failed - counts.fallbacks,
      message_at_fault: counts.messageAtFault,
      overflow: counts.overflow,
      stable_handled: counts.stableHandled,
      stable_failed: counts.stableFailed,
    }).map(([result, value]) => ({ labels: { agent, ...versionNames(version), result }, value })),
  );
}

function verdicts({ agent, steps }: StepsOfAgent): readonly Sample[] {
  return steps.flatMap(({ version, outcome }) =>
    outcomes.map((verdict) => ({
      labels: { agent, ...versionNames(version), verdict },
      value: verdict === outcome ? 1 : 0,
    })),
  );
}
