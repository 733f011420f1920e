import type { AgentStatus, Finding, VersionStatus } from "@caxton/contracts/system-status";

/** From where on a rate of errors is high; of few attempts only one that nobody would call chance. */
const highRate = { ofMany: 0.05, manyAttempts: 20, ofFew: 0.5 } as const;

/**
 * The versions that fail on much of what they get: beside others, or with few messages, they do not stand out in the agent's own rate,
 * and are no fault of the services.
 */
export function failingVersions({ agent, versions, rollout }: AgentStatus): readonly Finding[] {
  return versions.filter(isFailing).map(({ version, errorRate = 0, attempts = 0 }) => {
    const failed = Math.round(errorRate * attempts);
    const letters = `\`caxton deadletter list ${agent}\` shows what could not be handled and why`;
    // What it fails on may be handled by the version before.
    const advice =
      version === rollout?.version ? `\`caxton explain ${version}\` shows how it is judged; ${letters}` : letters;
    return {
      check: `errors of ${version}`,
      result: "warning",
      seen: `${shareText(failed, attempts)} failed in the last minute`,
      advice,
    };
  });
}

function isFailing({ errorRate = 0, attempts = 0 }: VersionStatus): boolean {
  return attempts > 0 && errorRate >= (attempts >= highRate.manyAttempts ? highRate.ofMany : highRate.ofFew);
}

function shareText(failed: number, attempts: number): string {
  if (attempts === 1) return "its one attempt";
  return `${failed === attempts ? "all" : failed} of its ${attempts} attempts`;
}
