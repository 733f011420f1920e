import { randomUUID } from "node:crypto";
import { defaultLimits } from "@caxton/contracts/limits";
import { decide } from "@caxton/deployment/decide";
import { evolve } from "@caxton/deployment/evolve";
import { initialState } from "@caxton/deployment/state";
import { describe, expect, it } from "vitest";
import { configurationMaxBytes, deployRequest } from "./request.ts";

const command = {
  id: "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a11",
  deployment: "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a12",
  artifact: { digest: "a".repeat(64) },
};

describe("a deploy request", () => {
  it("gets the default limits, one instance and the direct plan", () => {
    expect(deployRequest("processor", command, 9, initialState)).toMatchObject({
      limits: defaultLimits,
      instances: 1,
      configuration: "{}",
      strategy: "direct",
      artifact: { sizeBytes: 9 },
    });
  });

  it("keeps what it does not name as the agent has it, and says so", () => {
    const settings = { configuration: { stock: 40 }, limits: { messageTimeoutMs: 5 }, instances: 3, concurrency: 2 };
    const first = deployRequest("processor", { ...command, ...settings }, 9, initialState);
    const asked = { ...first, commandId: "1", actor: "alice" };
    const decision = decide(asked, initialState, { maxQueued: 1 }, 0);
    const state = decision.ok ? decision.events.reduce(evolve, initialState) : initialState;
    const another = { ...command, id: randomUUID(), deployment: randomUUID() };

    const { limits } = first.type === "deploy" ? first : {};
    expect(deployRequest("processor", another, 9, state)).toMatchObject({
      configuration: '{"stock":40}',
      limits,
      instances: 3,
      concurrency: 2,
      kept: { from: command.deployment, fields: ["configuration", "limits", "instances", "concurrency"] },
    });
    const reset = deployRequest("processor", { ...another, configuration: {}, concurrency: 4 }, 9, state);
    expect(reset).toMatchObject({ configuration: "{}", concurrency: 4, kept: { fields: ["limits", "instances"] } });
    // Asked again it means what it meant.
    expect(deployRequest("processor", { ...command, ...settings }, 9, state)).toEqual(first);
  });

  it("is another version with another configuration or other limits, and the same with reordered keys", () => {
    const fingerprintOf = (more: object) => {
      const request = deployRequest("processor", { ...command, ...more }, 9, initialState);
      return request.type === "deploy" ? request.fingerprint : "";
    };
    const plain = fingerprintOf({ configuration: { a: 1, b: 2 } });
    expect(fingerprintOf({ configuration: { b: 2, a: 1 } })).toBe(plain);
    expect(fingerprintOf({ configuration: { a: 1, b: 3 } })).not.toBe(plain);
    expect(fingerprintOf({ configuration: { a: 1, b: 2 }, limits: { messageTimeoutMs: 5 } })).not.toBe(plain);
  });

  it("refuses a configuration over its bound and names both numbers", () => {
    const configuration = "x".repeat(configurationMaxBytes);
    expect(() => deployRequest("processor", { ...command, configuration }, 9, initialState)).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: `the configuration has ${configurationMaxBytes + 2} bytes, at most ${configurationMaxBytes} are taken`,
      }),
    );
  });
});
