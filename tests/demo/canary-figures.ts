import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { Outcome } from "@caxton/contracts/outcome";
import { checker } from "@caxton/contracts/schema";
import { outcomeStream } from "@caxton/contracts/subjects";
import type { DeploymentFact } from "../harness/deployer.ts";
import { at, numberAt, textAt } from "./json-path.ts";
import type { BadCanary, CanaryStep } from "./report.ts";

const outcomeSchema = checker("outcome", Outcome);

/** What became of an agent's messages, one for each, as far as it is about canaries. */
export async function readOutcomes(bus: Bus, agent: string): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const { data } of bus.streams.read(outcomeStream(agent))) {
    outcomes.push(outcomeSchema.check(decodeJson(data)));
  }
  return outcomes;
}

/** Each share of a canary: what was asked, and what its version was given, by the first attempt of each message. */
export function canarySteps(facts: readonly DeploymentFact[], outcomes: readonly Outcome[]): readonly CanaryStep[] {
  const version = versionIn(facts);
  const changes = facts.filter(({ type }) => type === "RouteChanged");
  return changes.map(({ data }, index): CanaryStep => {
    const revision = numberAt(data, "revision") ?? -1;
    const firsts = outcomes.flatMap(({ attempts: [first] }) => (first?.routeRevision === revision ? [first] : []));
    const own = firsts.filter((first) => first.version === version || first.overflowedFrom === version);
    const step = numberAt(data, "step");
    const verdict = facts.find(
      (fact) => fact.type === "VerdictReached" && fact.data["step"] === step && fact.data["decision"] === "promote",
    );
    const untilMs = numberAt((changes[index + 1] ?? facts.at(-1))?.data, "atMs") ?? 0;
    return {
      shareAsked: shareOf(data, version),
      shareObserved: firsts.length === 0 ? 0 : own.length / firsts.length,
      samples: numberAt(verdict?.data, "verdict", "findings", "0", "samples") ?? own.length,
      seconds: (untilMs - (numberAt(data, "atMs") ?? 0)) / 1_000,
    };
  });
}

/** How a canary was taken back by itself, in ms from when it went wrong. */
export function badCanary(facts: readonly DeploymentFact[], outcomes: readonly Outcome[]): BadCanary {
  const version = versionIn(facts);
  const failed = outcomes.filter(({ attempts }) =>
    attempts.some((attempt) => attempt.version === version && attempt.result === "failed"),
  );
  const firstBadMs = Math.min(...failed.map(({ decidedAtMs }) => decidedAtMs));
  const started = factOf(facts, "RollbackStarted");
  const sinceMs = numberAt(started, "sinceMs") ?? firstBadMs;
  const since = (type: string): number => (atMs(facts, type) ?? Number.NaN) - sinceMs;
  const verdict = at(factOf(facts, "VerdictReached", "rollback"), "verdict");
  return {
    outcome: facts.at(-1)?.type ?? "none",
    reason: textAt(started, "reason"),
    samples: numberAt(verdict, "findings", "0", "samples") ?? 0,
    detectMs: (atMs(facts, "RollbackStarted") ?? Number.NaN) - firstBadMs,
    safeMs: since("VersionClosed"),
    divertMs: since("RouteApplied"),
    drainMs: (atMs(facts, "VersionDrained") ?? Number.NaN) - (atMs(facts, "DrainStarted") ?? Number.NaN),
    totalMs: since("DeploymentRolledBack"),
    failedOnCanary: failed.length,
    fallbacks: failed.filter((outcome) => outcome.result === "handled" && outcome.version !== version).length,
  };
}

/** The last event of the type: the route is applied first for the canary, and then for its way back. */
function factOf(facts: readonly DeploymentFact[], type: string, decision?: string): DeploymentFact["data"] | undefined {
  return facts.findLast((fact) => fact.type === type && (decision === undefined || fact.data["decision"] === decision))
    ?.data;
}

function atMs(facts: readonly DeploymentFact[], type: string): number | undefined {
  return numberAt(factOf(facts, type), "atMs");
}

function versionIn(facts: readonly DeploymentFact[]): string {
  return textAt(factOf(facts, "ValidationPassed"), "version");
}

function shareOf(route: DeploymentFact["data"], version: string): number {
  const targets: unknown = at(route, "targets");
  const own: unknown = Array.isArray(targets)
    ? targets.find((target) => textAt(target, "version") === version)
    : undefined;
  return numberAt(own, "share") ?? 0;
}
