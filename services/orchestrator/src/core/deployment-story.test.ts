import { directPlan } from "@caxton/deployment/strategy";
import { defaultLimits } from "@caxton/contracts/limits";
import type { DeploymentEvent } from "@caxton/deployment/event";
import { expect, it } from "vitest";
import { DeploymentStories } from "./deployment-story.ts";

const deployment = "d1";
const head = { commandId: "c1", deployment };
const requested: DeploymentEvent = {
  ...head,
  type: "DeploymentRequested",
  atMs: 1_000,
  actor: "tests",
  agent: "echo",
  artifact: { digest: "a", sizeBytes: 1 },
  configuration: "{}",
  limits: defaultLimits,
  fingerprint: "f",
  instances: 1,
  concurrency: 1,
  strategy: "direct",
  plan: directPlan(),
};
const report = { static: { durationMs: 100, passed: true }, sandbox: { durationMs: 200, passed: true } };
const failure = { stage: "sandbox", code: "agent-crash", reason: "boom" };

function tell(events: readonly DeploymentEvent[]) {
  const stories = new DeploymentStories();
  return events.map((event) => stories.enter(event)).filter((told) => told !== undefined);
}

it("tells a failed validation with the stages that were walked, ending with the verdict", () => {
  const failed = { ...report, sandbox: { durationMs: 200, passed: false } };
  const end: DeploymentEvent = { ...head, type: "ValidationFailed", atMs: 2_000, failure, report: failed };
  expect(tell([requested, end])).toEqual([
    {
      whole: { name: "deployment.create", startMs: 1_000, endMs: 2_000, failure: "sandbox: agent-crash: boom" },
      parts: [
        { name: "validation.static", startMs: 1_700, endMs: 1_800 },
        { name: "validation.sandbox", startMs: 1_800, endMs: 2_000, failure: "sandbox did not pass" },
      ],
    },
  ]);
});

it("tells each share until the next one, and a rollback after the end as a story of its own", () => {
  const route = { ...head, type: "RouteChanged", closed: [] } as const;
  const events: DeploymentEvent[] = [
    requested,
    { ...head, type: "ValidationPassed", atMs: 2_000, version: "v1", ordinal: 1, report },
    { ...head, type: "VersionReady", atMs: 2_500, version: "v1", startMs: 400 },
    { ...route, atMs: 2_500, step: 2, revision: 1, targets: [{ version: "v1", share: 0.05 }] },
    { ...head, type: "RouteApplied", atMs: 2_510, revision: 1, routers: 1, appliedMs: 10 },
    { ...route, atMs: 5_000, step: 3, revision: 2, targets: [{ version: "v1", share: 1 }] },
    { ...head, type: "RouteApplied", atMs: 5_010, revision: 2, routers: 1, appliedMs: 10 },
    { ...head, type: "DeploymentCompleted", atMs: 5_020 },
    {
      ...head,
      type: "RollbackStarted",
      atMs: 9_000,
      reason: "manual",
      actor: "tests",
      cause: "manual",
      sinceMs: 9_000,
    },
    { ...head, type: "DeploymentRolledBack", atMs: 9_500, reason: "manual" },
  ];
  const [create, rollback, ...more] = tell(events);
  expect(create?.whole).toEqual({ name: "deployment.create", startMs: 1_000, endMs: 5_020 });
  expect(create?.parts.slice(2)).toEqual([
    { name: "deployment.start", startMs: 2_000, endMs: 2_500 },
    { name: "direct.5_percent", startMs: 2_500, endMs: 5_000 },
    { name: "direct.100_percent", startMs: 5_000, endMs: 5_010 },
    { name: "deployment.finalize", startMs: 5_010, endMs: 5_020 },
  ]);
  expect(rollback).toEqual({ whole: { name: "deployment.rollback", startMs: 9_000, endMs: 9_500 }, parts: [] });
  expect(more).toEqual([]);
});
