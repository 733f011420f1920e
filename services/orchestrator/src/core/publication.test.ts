import { describe, expect, it } from "vitest";
import { publicationOf, type PublishableEvent } from "./publication.ts";

const commandId = "7a0c5a52-5f0e-4c39-9a68-0f5d3b1c9e21";
const traceparent = "00-7a0c5a525f0e4c399a680f5d3b1c9e21-1d3b2f7e8f3d4d8b-01";
const stored: PublishableEvent = {
  id: "be509b3a-2930-4ca1-9417-ac2c5a0324de",
  type: "FreezeStarted",
  schemaVersion: 1,
  data: { atMs: 0, commandId, actor: "ops", reason: "audit" },
  metadata: {
    actor: "ops",
    commandId,
    causationId: commandId,
    correlationId: commandId,
    reason: "audit",
    traceparent,
  },
  stream: "freezes",
  revision: 4,
  recordedAtMs: 0,
};

describe("a stored event", () => {
  it("about a freeze is published under the agent, or all, with who and why", () => {
    expect(publicationOf(stored)).toMatchObject({
      subject: "caxton.freezes._all.FreezeStarted",
      event: { source: "/caxton/freezes", subject: "_all", type: "caxton.freeze.FreezeStarted.v1", reason: "audit" },
    });
    const data = { atMs: 0, commandId, actor: "ops", reason: "audit", agent: "processor" };
    expect(publicationOf({ ...stored, type: "FreezeEnded", data })).toMatchObject({
      subject: "caxton.freezes.processor.FreezeEnded",
      event: { subject: "processor", stream: "freezes", revision: 4, data },
    });
  });

  it("about a deployment is published under its agent", () => {
    const deployment = "01999a5e-7c00-7a41-9d2c-3f1b8f6a2c10";
    const data = { atMs: 0, commandId, deployment };
    const started = { ...stored, type: "DeploymentStarted", stream: "agent-processor", data };
    expect(publicationOf(started)).toEqual({
      subject: `caxton.deployments.processor.${deployment}.DeploymentStarted`,
      event: {
        specversion: "1.0",
        id: stored.id,
        source: "/caxton/agents/processor",
        type: "caxton.deployment.DeploymentStarted.v1",
        subject: deployment,
        time: "1970-01-01T00:00:00.000Z",
        datacontenttype: "application/json",
        stream: "agent-processor",
        revision: 4,
        actor: "ops",
        commandid: commandId,
        causationid: commandId,
        correlationid: commandId,
        traceparent,
        reason: "audit",
        data,
      },
    });
  });

  it("of another stream, or of a type that came later, is not", () => {
    expect(publicationOf({ ...stored, type: "FreezeProlonged" })).toBeUndefined();
    expect(publicationOf({ ...stored, stream: "agent-processor", type: "SomethingNewer" })).toBeUndefined();
    expect(publicationOf({ ...stored, stream: "agentstate-a-b" })).toBeUndefined();
  });
});
