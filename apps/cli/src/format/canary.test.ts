import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Deployment, DeploymentSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { StepProgressSchema } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import { describe, expect, it } from "vitest";
import { progressText, refusalLines, rolloutEnd, rolloutLines } from "./rollout.ts";
import { plain } from "./style.ts";

type Init = Extract<MessageInitShape<typeof DeploymentSchema>, { readonly $typeName?: never }>;
type Step = NonNullable<Init["steps"]>[number];

const at = timestampFromMs;
const finding = (metric: string, outcome: string, observed: number, threshold: number) => ({
  metric,
  rule: `${metric} > …`,
  outcome,
  samples: 1_234,
  observed,
  threshold,
  windowMs: 300_000,
});
const passed = {
  outcome: "pass",
  findings: [finding("error_rate", "pass", 0.0001, 0.01), finding("p99_latency", "pass", 12, 100)],
};
const plan: readonly Step[] = [
  { number: 1, kind: "validate" },
  { number: 2, kind: "start" },
  { number: 3, kind: "shift", share: 0.05, watchMs: 300_000 },
  { number: 4, kind: "shift", share: 0.25, watchMs: 600_000 },
  { number: 5, kind: "approve" },
  { number: 6, kind: "shift", share: 1 },
  { number: 7, kind: "finalize", cleanupMs: 300_000 },
];

/** A canary whose steps with these numbers went like this. */
function canary(became: Readonly<Record<number, Partial<Step>>>, more: Init = {}): Deployment {
  return create(DeploymentSchema, {
    id: "0198c0de",
    version: "proc-v2-7f8d9",
    state: "Deploying",
    strategy: "canary",
    replaces: "proc-v1-00000",
    timings: { validationMs: 812, deployMs: 204 },
    steps: plan.map((step) => ({ ...step, ...became[step.number ?? 0] }) as Step),
    ...more,
  });
}

const lines = (deployment: Deployment): readonly string[] => rolloutLines(deployment, plain);
const begun = { startedAt: at(0), appliedMs: 4, routeRevision: 2 };

describe("the lines of a canary", () => {
  it("are the ADR's, to the letter", () => {
    const promoted = canary({
      3: { ...begun, decisions: [{ at: at(300_000), decision: "promoted", verdict: passed }] },
    });
    expect(lines(promoted).join("\n")).toBe(
      [
        "✓ Validation passed (0.8s)",
        "✓ Canary 5% started (0.2s)",
        "→ Monitoring for 5 minutes...",
        "✓ Error rate: 0.01% (threshold: 1%)",
        "✓ P99 latency: 12ms (threshold: 100ms)",
        "✓ Promoting to 25%...",
      ].join("\n"),
    );
  });

  it("end as those of a direct deployment do, and say how to go back", () => {
    const running = canary(
      { 3: begun, 6: { startedAt: at(9_000), appliedMs: 31 } },
      { state: "Running", runningAt: at(9_031) },
    );
    expect(lines(running).slice(3)).toEqual([
      "✓ Agent deployed (0.0s)",
      "→ Agent ID: proc-v2-7f8d9",
      "→ Receiving messages",
      "→ proc-v1-00000 stays warm for 5 minutes: caxton rollback proc-v2-7f8d9",
    ]);
    expect(rolloutEnd(running)).toBe("running");
  });

  it("stay as they were while more come, also where somebody paused before the routers followed", () => {
    const paused = { at: at(2), decision: "paused", by: "ada", reason: "a ticket" };
    const stages = [
      canary({ 3: { startedAt: at(0), decisions: [paused] } }),
      canary({ 3: { ...begun, decisions: [paused] } }),
      canary({ 3: { ...begun, decisions: [paused, { at: at(9), decision: "resumed", by: "ada" }] } }),
    ].map(lines);
    for (const [index, told] of stages.entries()) {
      expect(stages[index + 1]?.slice(0, told.length) ?? told).toEqual(told);
    }
    expect(stages.at(-1)).toEqual([
      "✓ Validation passed (0.8s)",
      "→ Paused by ada: a ticket",
      "→ Go on: caxton resume proc-v2-7f8d9",
      "✓ Canary 5% started (0.2s)",
      "→ Monitoring for 5 minutes...",
      "→ Resumed by ada",
    ]);
  });

  it("say what a step that is held waits for, and what can be done", () => {
    const findings = [{ ...finding("error_rate", "inconclusive", 0, 0.01), samples: 12 }];
    const held = { at: at(5), decision: "held", verdict: { outcome: "inconclusive", findings } };
    const judging = { onInconclusive: "rollback", maxHoldMs: 1_800_000 };
    expect(lines(canary({ 3: { ...begun, decisions: [held] } }, { judging })).slice(3)).toEqual([
      "→ Error rate: 0% (threshold: 1%): 12 samples say too little",
      "→ Held at 5% until there is a verdict; or decide: caxton promote proc-v2-7f8d9 --step 3, caxton abort proc-v2-7f8d9",
      "→ Without one it is taken back in 30 minutes",
    ]);
  });

  it("ask for an approval, and say who gave it and who promoted by hand", () => {
    const approval = [
      { at: at(20), decision: "approval-awaited" },
      { at: at(30), decision: "approved", by: "bo", reason: "asked the team" },
    ];
    const told = lines(
      canary({
        3: { ...begun, decisions: [{ at: at(5), decision: "promoted", by: "ada", reason: "looks good" }] },
        4: { startedAt: at(5), appliedMs: 3, decisions: [{ at: at(19), decision: "promoted", verdict: passed }] },
        5: { startedAt: at(20), decisions: approval },
      }),
    );
    expect(told.slice(3, 7)).toEqual([
      "→ Promoted by ada: looks good",
      "✓ Promoting to 25%...",
      "✓ Canary 25% started (0.0s)",
      "→ Monitoring for 10 minutes...",
    ]);
    expect(told.slice(9)).toEqual([
      "→ Waiting for an approval",
      "→ Approve it: caxton approve proc-v2-7f8d9 --step 5",
      "→ Approved by bo: asked the team",
      "✓ Promoting to 100%...",
    ]);
  });
});

describe("a canary that is taken back", () => {
  const failed = { outcome: "fail", findings: [finding("error_rate", "fail", 0.042, 0.01)] };
  const steps = { 3: { ...begun, decisions: [{ at: at(5), decision: "rolled-back", verdict: failed }] } };
  const rollback = {
    cause: "high_error_rate",
    reason: "error_rate > 1%: observed 4.2%",
    restores: "proc-v1-00000",
    routeRevision: 3,
  };

  it("says by which rule, and then the ADR's lines with the times that were measured", () => {
    const back = canary(steps, {
      state: "RolledBack",
      rollbackReason: rollback.reason,
      rollback: { ...rollback, divertedMs: 96, drainMs: 2_310, restoredMs: 88, totalMs: 2_520 },
    });
    expect(lines(back).slice(3)).toEqual([
      "✗ Error rate: 4.2% (threshold: 1%)",
      "✗ Rolling back: error_rate > 1%: observed 4.2%",
      "✓ Messages diverted (0.1s)",
      "✓ Draining in-flight (2.3s)",
      "✓ Previous version restored (0.1s)",
      "→ Rollback complete in 2.5s",
    ]);
    expect([rolloutEnd(back), refusalLines(back, plain)]).toEqual([
      "taken-back",
      ["→ Why: caxton explain proc-v2-7f8d9"],
    ]);
  });

  it("has not ended while it is drained, also where it ran before", () => {
    const draining = { state: "Draining", rollbackReason: "too slow", rollback: { ...rollback, divertedMs: 96 } };
    expect(rolloutEnd(canary(steps, draining))).toBeUndefined();
    expect(rolloutEnd(canary(steps, { ...draining, runningAt: at(1) }))).toBeUndefined();
    expect(lines(canary(steps, draining)).at(-1)).toBe("✓ Messages diverted (0.1s)");
  });

  it("says so where it had no share yet, or where nobody was before it", () => {
    const none = canary(
      {},
      { state: "RolledBack", rollback: { cause: "manual", by: "ada", reason: "wrong file", totalMs: 30 } },
    );
    expect(lines(none).slice(1)).toEqual([
      "→ Rolling back, asked for by ada: wrong file",
      "→ No message had gone to it",
      "→ Nothing was in flight",
      "→ The previous version had all messages all the time",
      "→ Rollback complete in 0.0s",
    ]);
  });
});

describe("what is drawn while a step is watched", () => {
  const step = { number: 3, of: 7, kind: "shift", share: 0.05, watchedUntil: at(60_000) };
  const progress = create(StepProgressSchema, { step: 3, verdict: passed });

  it("is its progress, samples and both metrics with their thresholds", () => {
    expect(progressText(canary({}, { step }), progress, 18_000)).toBe(
      "Canary 5% 42s left · 1,234 samples · Error rate: 0.01% (threshold: 1%) · P99 latency: 12ms (threshold: 100ms)",
    );
    expect(progressText(canary({}, { step }), undefined, 61_000)).toBe("Canary 5% waiting for a verdict");
  });

  it("says that it stands still, and why", () => {
    expect(progressText(canary({}, { step: { ...step, pausedSince: at(1) } }), undefined, 2)).toBe("Canary 5% paused");
    expect(progressText(canary({}, { step: { ...step, heldSince: at(60_000) } }), undefined, 185_000)).toBe(
      "Canary 5% held for 2:05",
    );
    expect(progressText(canary({}, { step: { number: 5, of: 7, kind: "approve" } }))).toBe(
      "Waiting for an approval (step 5 of 7)",
    );
  });

  it("leaves out what is of another step", () => {
    expect(progressText(canary({}, { step: { ...step, number: 4, share: 0.25 } }), progress, 30_000)).toBe(
      "Canary 25% 30s left",
    );
  });
});
