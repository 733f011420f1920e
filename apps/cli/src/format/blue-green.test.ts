import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { DeploymentSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { WarmUpSchema } from "@caxton/contracts/gen/caxton/v1/blue_green_pb.js";
import { describe, expect, it } from "vitest";
import { progressText, rolloutLines } from "./rollout.ts";
import { plain } from "./style.ts";

type WarmUp = Extract<MessageInitShape<typeof WarmUpSchema>, { readonly $typeName?: never }>;

const well: WarmUp = {
  source: "history",
  messages: 180,
  answers: 1_312,
  latencyBeforeMs: 0.92,
  latencyAfterMs: 0.1,
  ended: "steady",
  tookMs: 1_240,
};
type Fields = Extract<MessageInitShape<typeof DeploymentSchema>, { readonly $typeName?: never }>;
const deploymentOf = (warmUp: WarmUp, more: Fields = {}) =>
  create(DeploymentSchema, {
    version: "proc-v2-7f8d9",
    strategy: "blue-green",
    state: "Deploying",
    replaces: "proc-v1-0143e",
    timings: { validationMs: 812, deployMs: 1_700 },
    steps: [{ number: 3, kind: "warm-up", startedAt: timestampFromMs(0), timeoutMs: 60_000, warmUp }],
    ...more,
  });
const warmUpLines = (warmUp: WarmUp): readonly string[] => rolloutLines(deploymentOf(warmUp), plain).slice(1);

describe("the lines of blue-green", () => {
  it("tell of the warm-up, the switch, and the way back", () => {
    const steps = [
      { number: 3, kind: "warm-up", warmUp: well },
      { number: 4, kind: "shift", share: 1, startedAt: timestampFromMs(0), appliedMs: 96 },
      { number: 5, kind: "finalize", cleanupMs: 300_000 },
    ];
    const running = deploymentOf(well, { state: "Running", runningAt: timestampFromMs(9), steps });
    expect(rolloutLines(running, plain)).toEqual([
      "✓ Validation passed (0.8s)",
      "✓ Warm-up: 180 messages of the inbox, latency steady at 0.10 ms (0.92 ms at first) (1.2s)",
      "✓ Switched from proc-v1-0143e to proc-v2-7f8d9, all messages at once (0.1s)",
      "→ Agent ID: proc-v2-7f8d9",
      "→ Receiving messages",
      "→ proc-v1-0143e stays warm for 5 minutes: caxton rollback proc-v2-7f8d9",
    ]);
  });

  it("of an agent's first version tell of no switch", () => {
    const first = deploymentOf(well, { state: "Running", runningAt: timestampFromMs(9), replaces: "" });
    expect(rolloutLines(first, plain)).toContain("✓ Agent deployed (1.7s)");
  });

  it.each<readonly [WarmUp, readonly string[]]>([
    [
      { ...well, ended: "time-over" },
      [
        "→ Warm-up: 180 messages of the inbox, its time was over before the latency was steady, last 0.10 ms (0.92 ms at first) (1.2s)",
      ],
    ],
    [
      { ...well, source: "examples", messages: 1 },
      [
        "✓ Warm-up: 1 example of the component, the inbox being empty, latency steady at 0.10 ms (0.92 ms at first) (1.2s)",
      ],
    ],
    [{ ended: "nothing-to-ask", tookMs: 4 }, ["✓ Warm-up: nothing to ask (0.0s)"]],
    [{ ended: "unanswered", tookMs: 60_000 }, ["✗ Warm-up: nobody answered (60.0s)"]],
    [
      { ...well, ended: "crashing", crashes: 3 },
      ["✗ Warm-up: 180 messages of the inbox, its processes end again and again (1.2s)", "  its process ended 3 times"],
    ],
    [
      {
        ...well,
        ended: "failing",
        messages: 20,
        failed: 6,
        regressed: 5,
        firstFailure: { message: "message 12", code: "agent-trap", reason: "unreachable" },
      },
      [
        "✗ Warm-up: 20 messages of the inbox, too many of them fail (1.2s)",
        "  failed on 6 of them, of which the version before had handled 5",
        "  message 12: agent-trap: unreachable",
      ],
    ],
  ])("of %j", (warmUp, lines) => {
    expect(warmUpLines(warmUp)).toEqual(lines);
  });

  it("say how long it may go on while it does", () => {
    const step = { number: 3, of: 5, kind: "warm-up" };
    const warming = deploymentOf(well, { step });
    expect(progressText(warming, undefined, 12_000)).toBe("Warming up on recent messages, 48s at most");
    expect(progressText(warming, undefined, 61_000)).toBe("Warming up, about to end");
  });
});
