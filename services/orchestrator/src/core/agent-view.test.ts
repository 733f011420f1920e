import { defaultLimits } from "@caxton/contracts/limits";
import { directPlan } from "@caxton/deployment/strategy";
import { describe, expect, it } from "vitest";
import { advance, emptyView, type StoredEvent } from "./agent-view.ts";
import { eventMetadata } from "./metadata.ts";
import { agentOfStream } from "@caxton/contracts/names";

const deployment = "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a12";
const commandId = "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a11";
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const requested: StoredEvent = {
  id: "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a13",
  type: "DeploymentRequested",
  schemaVersion: 1,
  revision: 0,
  metadata: { actor: "ops", commandId, causationId: commandId, correlationId: commandId, traceparent },
  data: {
    atMs: 1,
    commandId,
    actor: "ops",
    deployment,
    agent: "processor",
    artifact: { digest: "a".repeat(64), sizeBytes: 9 },
    configuration: "{}",
    limits: { ...defaultLimits },
    fingerprint: "b".repeat(64),
    instances: 1,
    concurrency: 1,
    strategy: "direct",
    plan: directPlan(),
  },
};

describe("an agent's view", () => {
  it("moves on by one stored event and ignores one it has seen", () => {
    const once = advance(emptyView, requested);
    expect(once.revision).toBe(0);
    expect(once.state.deployments[deployment]?.state).toBe("Queued");
    expect(advance(once, requested)).toBe(once);
  });

  it("counts a revision whose type it does not know", () => {
    const later = { ...requested, type: "SomethingNewer", revision: 1 };
    expect(advance(advance(emptyView, requested), later).revision).toBe(1);
  });

  it("lets a report continue the story of its deployment", () => {
    const view = advance(emptyView, requested);
    const report = { type: "version-stopped", deployment, commandId: "c", actor: "orchestrator" } as const;
    expect(eventMetadata(report, view, {})).toEqual({
      actor: "orchestrator",
      commandId: "c",
      causationId: requested.id,
      correlationId: commandId,
      traceparent,
    });
  });

  it("belongs to a stream that begins with agent-", () => {
    expect(agentOfStream("agent-quake-watch")).toBe("quake-watch");
    expect(agentOfStream("agentstate-a-b")).toBeUndefined();
  });
});
