import { strategies } from "@caxton/deployment/strategy";
import { describe, expect, it } from "vitest";
import { deployCommand, deploymentCommand } from "./command-message.ts";

const id = "0190b5c8-7c3e-7aaa-8b1a-0242ac120002";
const deployment = "0190b5c8-7c3e-7bbb-8b1a-0242ac120002";
const least = { id, deployment, artifact: { digest: "a".repeat(64) } };

describe("a deploy command", () => {
  it("needs an id, a deployment and an artifact, and takes all that a version is made of", () => {
    expect(deployCommand.check(least)).toBe(least);
    const full = {
      ...least,
      expiresAt: "2026-11-23T20:00:00Z",
      actor: "release pipeline 4711",
      reason: "fixes the depth of shallow quakes",
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      strategy: "direct",
      configuration: { threshold: 5 },
      limits: { messageTimeoutMs: 200 },
      instances: 2,
      allowBreaking: "nobody sends depth any more",
    };
    expect(deployCommand.check(full)).toBe(full);
  });

  it.each([
    [{ ...least, id: "1" }, 'deploy command at /id: must match format "uuid"'],
    [
      { ...least, artifact: { digest: "abc" } },
      'deploy command at /artifact/digest: must match pattern "^[0-9a-f]{64}$"',
    ],
    [
      { ...least, strategy: "yolo" },
      `deploy command at /strategy: must be equal to one of the allowed values ${JSON.stringify(strategies)}`,
    ],
    [{ ...least, canary: { steps: [{ share: 1.5 }] } }, "deploy command at /canary/steps/0/share: must be <= 1"],
    [{ ...least, concurrency: 17 }, "deploy command at /concurrency: must be <= 16"],
    [{ ...least, instances: 65 }, "deploy command at /instances: must be <= 64"],
    [{ ...least, limits: { memoryMaxBytes: 1 } }, "deploy command at /limits/memoryMaxBytes: must be >= 65536"],
    [{ ...least, limits: { cpu: 1 } }, "deploy command at /limits: must NOT have additional properties 'cpu'"],
    [{ ...least, agent: "processor" }, "deploy command: must NOT have additional properties 'agent'"],
    [{ ...least, allowBreaking: "" }, "deploy command at /allowBreaking: must NOT have fewer than 1 characters"],
    [[], "deploy command: must be object"],
  ])("refuses %j", (value, message) => {
    expect(() => deployCommand.check(value)).toThrow(expect.objectContaining({ code: "invalid-command", message }));
  });
});

describe("abort and rollback", () => {
  it("need an id and the deployment", () => {
    expect(deploymentCommand.matches({ id, deployment, reason: "wrong build" })).toBe(true);
    expect(deploymentCommand.matches({ id })).toBe(false);
    expect(deploymentCommand.matches(least)).toBe(false);
  });
});
