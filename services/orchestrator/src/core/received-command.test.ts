import { hasCode } from "@caxton/contracts/errors";
import { describe, expect, it } from "vitest";
import { commandIdOf, receivedCommand } from "./received-command.ts";

const id = "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a11";
const deployment = "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a12";
const deploy = { id, deployment, artifact: { digest: "a".repeat(64) } };
const subject = "caxton.commands.ops.processor.deploy";

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (hasCode(error, "invalid-command", "invalid-agent-name", "command-expired")) return error.code;
    throw error;
  }
  return "none";
}

describe("a command from the bus", () => {
  it("is read with its principal, agent and verb from the subject", () => {
    expect(receivedCommand(subject, deploy, 0)).toEqual({
      principal: "ops",
      agent: "processor",
      verb: "deploy",
      message: deploy,
    });
  });

  it.each([
    ["no JSON", undefined],
    ["a number", 7],
    ["no id", { deployment, artifact: deploy.artifact }],
    ["an id that is no UUID", { ...deploy, id: "1" }],
    ["a digest that is none", { ...deploy, artifact: { digest: "abc" } }],
    ["a word nobody knows", { ...deploy, colour: "red" }],
    ["a limit of nothing", { ...deploy, limits: { memoryMaxBytes: 0 } }],
  ])("is refused with %s", (_what, body) => {
    expect(codeOf(() => receivedCommand(subject, body, 0))).toBe("invalid-command");
  });

  it("is refused for a verb nobody knows and for a bad agent name", () => {
    expect(codeOf(() => receivedCommand("caxton.commands.ops.processor.explode", deploy, 0))).toBe("invalid-command");
    expect(codeOf(() => receivedCommand("caxton.commands.ops.Processor.deploy", deploy, 0))).toBe("invalid-agent-name");
  });

  it("is refused after its time, not at it", () => {
    const expiresAt = "2026-11-23T10:00:00Z";
    const at = Date.parse(expiresAt);
    expect(codeOf(() => receivedCommand(subject, { ...deploy, expiresAt }, at))).toBe("none");
    expect(codeOf(() => receivedCommand(subject, { ...deploy, expiresAt }, at + 1))).toBe("command-expired");
  });

  it("keeps its id where the rest is malformed, so that the answer finds its sender", () => {
    expect(commandIdOf({ id, nonsense: true })).toBe(id);
    expect(commandIdOf({ id: "x" })).toBeUndefined();
    expect(commandIdOf("text")).toBeUndefined();
  });
});
