import { randomUUID } from "node:crypto";
import { defaultLimits } from "@caxton/contracts/limits";
import { decide } from "@caxton/deployment/decide";
import type { Command, Report, Request } from "@caxton/deployment/command";
import type { DeploymentEvent } from "@caxton/deployment/event";
import { evolve } from "@caxton/deployment/evolve";
import { initialState } from "@caxton/deployment/state";
import { defaultJudging } from "@caxton/deployment/judging";
import { canaryPlan, directPlan } from "@caxton/deployment/strategy";

/** The clock of a history, Unix ms: every command comes 100 ms after the one before. */
export const beginMs = Date.parse("2026-01-01T00:00:00Z");
const tickMs = 100;

/** What the domain makes of these commands. */
export function historyOf(commands: readonly (Request | Report)[]): readonly DeploymentEvent[] {
  let state = initialState;
  return commands.flatMap((asked, index) => {
    const command: Command = { ...asked, commandId: randomUUID(), actor: "test" };
    const decision = decide(command, state, { maxQueued: 10 }, beginMs + index * tickMs);
    if (!decision.ok) throw new Error(decision.refusal.message);
    state = decision.events.reduce(evolve, state);
    return decision.events;
  });
}

type Deploy = Extract<Request, { type: "deploy" }>;

export function deploy(agent: string, deployment: string): Deploy {
  return {
    type: "deploy",
    deployment,
    agent,
    artifact: { digest: "a".repeat(64), sizeBytes: 1_000 },
    configuration: "{}",
    limits: defaultLimits,
    fingerprint: `${deployment.slice(-5)}${"0".repeat(59)}`,
    instances: 1,
    concurrency: 1,
    strategy: "direct",
    plan: directPlan(),
  };
}

/** From asked for to running. */
export function rolledOut(agent: string, deployment: string): readonly (Request | Report)[] {
  return [
    deploy(agent, deployment),
    { type: "validation-passed", deployment, shortName: agent, report: { passed: true } },
    { type: "version-ready", deployment, startMs: 12 },
    { type: "route-applied", revision: 1, routers: 1, appliedMs: 3 },
  ];
}

/** The ADR's canary at its first share, which every router follows. */
export function canaryUnderWay(agent: string, before: string, deployment: string): readonly (Request | Report)[] {
  const canary: Deploy = {
    ...deploy(agent, deployment),
    strategy: "canary",
    plan: canaryPlan(),
    judging: defaultJudging,
  };
  return [
    ...rolledOut(agent, before),
    canary,
    { type: "validation-passed", deployment, shortName: agent, report: { passed: true } },
    { type: "version-ready", deployment, startMs: 12 },
    { type: "route-applied", revision: 2, routers: 1, appliedMs: 3 },
  ];
}
