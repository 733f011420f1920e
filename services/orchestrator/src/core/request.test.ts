import { defaultLimits } from "@caxton/contracts/limits";
import { describe, expect, it } from "vitest";
import { configurationMaxBytes, deployRequest } from "./request.ts";

const command = {
  id: "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a11",
  deployment: "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a12",
  artifact: { digest: "a".repeat(64) },
};

describe("a deploy request", () => {
  it("gets the default limits, one instance and the direct plan", () => {
    expect(deployRequest("processor", command, 9)).toMatchObject({
      limits: defaultLimits,
      instances: 1,
      configuration: "{}",
      strategy: "direct",
      artifact: { sizeBytes: 9 },
    });
  });

  it("is another version with another configuration or other limits, and the same with reordered keys", () => {
    const fingerprintOf = (more: object) => {
      const request = deployRequest("processor", { ...command, ...more }, 9);
      return request.type === "deploy" ? request.fingerprint : "";
    };
    const plain = fingerprintOf({ configuration: { a: 1, b: 2 } });
    expect(fingerprintOf({ configuration: { b: 2, a: 1 } })).toBe(plain);
    expect(fingerprintOf({ configuration: { a: 1, b: 3 } })).not.toBe(plain);
    expect(fingerprintOf({ configuration: { a: 1, b: 2 }, limits: { messageTimeoutMs: 5 } })).not.toBe(plain);
  });

  it("refuses a configuration over its bound and names both numbers", () => {
    const configuration = "x".repeat(configurationMaxBytes);
    expect(() => deployRequest("processor", { ...command, configuration }, 9)).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: `the configuration has ${configurationMaxBytes + 2} bytes, at most ${configurationMaxBytes} are taken`,
      }),
    );
  });
});
