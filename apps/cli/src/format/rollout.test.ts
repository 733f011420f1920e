import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Deployment, DeploymentSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { describe, expect, it } from "vitest";
import { progressText, refusalLines, rolloutEnd, rolloutLines } from "./rollout.ts";
import { plain } from "./style.ts";

const deployment = (values: MessageInitShape<typeof DeploymentSchema>): Deployment => create(DeploymentSchema, values);
const running = {
  version: "proc-v2-7f8d9",
  state: "Running",
  runningAt: timestampFromMs(1_000),
  timings: { validationMs: 812, deployMs: 204 },
};

describe("the lines of a rollout", () => {
  it("are the ADR's, to the letter", () => {
    expect(rolloutLines(deployment(running), plain).join("\n")).toBe(
      [
        "✓ Validation passed (0.8s)",
        "✓ Agent deployed (0.2s)",
        "→ Agent ID: proc-v2-7f8d9",
        "→ Receiving messages",
      ].join("\n"),
    );
  });

  it("come one after the other as they become true", () => {
    const told = [
      { state: "Queued", queuePlace: 1 },
      { state: "Validating" },
      { state: "Deploying", version: "proc-v2-7f8d9", timings: { validationMs: 812 } },
      running,
    ].map((values) => rolloutLines(deployment(values), plain).length);
    expect(told).toEqual([0, 0, 1, 4]);
  });

  it("stay true for a version that the next one replaced at once", () => {
    const replaced = deployment({ ...running, state: "Draining" });
    expect(rolloutEnd(replaced)).toBe("running");
    expect(rolloutLines(replaced, plain)).toHaveLength(4);
  });

  it("do not call a deployment running that is drained because it is taken back", () => {
    expect(rolloutEnd(deployment({ state: "Draining", version: "proc-v2-7f8d9" }))).toBeUndefined();
  });
});

describe("a rollout that does not end well", () => {
  it("says the stage, each finding that matters, and what to do next", () => {
    const failed = deployment({
      state: "Failed",
      failure: { stage: "contracts", code: "breaking-change", reason: "the first" },
      validationReport: {
        static: { passed: true, findings: [{ severity: "info", code: "size", message: "1.6 MB" }] },
        contracts: {
          passed: false,
          findings: [
            { severity: "error", code: "breaking-change", message: "'felt' is required now" },
            { severity: "warning", code: "unknown", message: "a pattern was not compared" },
          ],
        },
      },
    });
    expect(rolloutEnd(failed)).toBe("failed");
    expect(refusalLines(failed, plain)).toEqual([
      "✗ Validation failed at contracts: breaking-change",
      "  'felt' is required now",
      "  warning: a pattern was not compared",
      '→ Next: accept again what the live version accepts, or insist with `--allow-breaking --reason "why"`',
    ]);
  });

  it("gives the reason where there is no report", () => {
    const failure = { stage: "start", code: "version-failed", reason: "not ready after 30000 ms" };
    expect(refusalLines(deployment({ state: "Failed", failure }), plain).slice(0, 2)).toEqual([
      "✗ Deployment failed at start: version-failed",
      "  not ready after 30000 ms",
    ]);
  });

  it("says why it was taken back", () => {
    const aborted = deployment({ state: "RolledBack", rollbackReason: "wrong file" });
    expect(rolloutEnd(aborted)).toBe("taken-back");
    expect(refusalLines(aborted, plain)).toEqual(["✗ Taken back: wrong file"]);
  });
});

it("says the place in line while it waits, and the step while it goes on", () => {
  expect(progressText(deployment({ state: "Queued", queuePlace: 3 }))).toBe("Queued as 3rd");
  const waitsFor = "proc-v3-4f1c2 is on its way (canary 25 %)";
  expect(progressText(deployment({ state: "Queued", queuePlace: 2, waitsFor }))).toBe(`Queued as 2nd: ${waitsFor}`);
  expect([11, 21, 100].map((queuePlace) => progressText(deployment({ state: "Queued", queuePlace })))).toEqual([
    "Queued as 11th",
    "Queued as 21st",
    "Queued as 100th",
  ]);
  expect(progressText(deployment({ state: "Deploying", step: { number: 2, of: 4, kind: "start" } }))).toBe(
    "Deploying (start, step 2 of 4)",
  );
});
