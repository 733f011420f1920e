import { defaultLimits } from "@caxton/contracts/limits";
import type { Command, Report, Request } from "@caxton/deployment/command";
import { decide } from "@caxton/deployment/decide";
import { evolve } from "@caxton/deployment/evolve";
import { initialState } from "@caxton/deployment/state";
import { directPlan } from "@caxton/deployment/strategy";
import { expect, it } from "vitest";
import { type Transition, transitions } from "./transitions.ts";

const deployment = "0190a000-0000-7000-8000-00000000aaaa";
const commands: readonly (Request | Report)[] = [
  {
    type: "deploy",
    deployment,
    agent: "proc",
    artifact: { digest: "a".repeat(64), sizeBytes: 1_000 },
    configuration: "{}",
    limits: defaultLimits,
    fingerprint: `0aaaa${"0".repeat(59)}`,
    instances: 1,
    concurrency: 1,
    strategy: "direct",
    plan: directPlan(),
  },
  { type: "validation-passed", deployment, shortName: "proc", report: { passed: true } },
  { type: "version-ready", deployment, startMs: 12 },
  { type: "route-applied", revision: 1, routers: 1, appliedMs: 3 },
];

it("says every stage and percentage a deployment comes to, once", () => {
  let state = initialState;
  const seen = commands.flatMap((asked, index): readonly Transition[] => {
    const command: Command = { ...asked, commandId: `c${index}`, actor: "test" };
    const decision = decide(command, state, { maxQueued: 10 }, index);
    if (!decision.ok) throw new Error(decision.refusal.message);
    const before = state;
    state = decision.events.reduce(evolve, state);
    return transitions(before, state);
  });
  const version = "proc-v1-0aaaa";
  expect(seen).toEqual([
    { deployment, version: "", stage: "validating", percentage: 0 },
    { deployment, version, stage: "deploying", percentage: 0 },
    { deployment, version, stage: "deploying", percentage: 100 },
    { deployment, version, stage: "running", percentage: 100 },
  ]);
  expect(transitions(state, state)).toEqual([]);
});
