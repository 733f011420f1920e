import { hasCode } from "@caxton/contracts/errors";
import { describe, expect, it } from "vitest";
import { bodyOf, commandIdOf, nestingMax, receivedCommand } from "./received-command.ts";

const id = "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a11";
const deployment = "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a12";
const deploy = { id, deployment, artifact: { digest: "a".repeat(64) } };
const subject = "caxton.commands.ops.processor.deploy";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function receive(to: string, body: unknown, now = 0) {
  const data = encode(typeof body === "string" ? body : JSON.stringify(body));
  return receivedCommand({ subject: to, data, receivedAtMs: 0 }, bodyOf(data), now);
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (hasCode(error, "invalid-command", "invalid-agent-name", "command-expired", "message-too-large"))
      return error.code;
    throw error;
  }
  return "none";
}

describe("a command from the bus", () => {
  it("is read with its principal, agent and verb from the subject", () => {
    expect(receive(subject, deploy)).toEqual({
      principal: "ops",
      agent: "processor",
      verb: "deploy",
      message: deploy,
    });
  });

  it.each([
    ["no JSON", '{"id":'],
    ["a number", 7],
    ["no id", { deployment, artifact: deploy.artifact }],
    ["an id that is no UUID", { ...deploy, id: "1" }],
    ["a digest that is none", { ...deploy, artifact: { digest: "abc" } }],
    ["a word nobody knows", { ...deploy, colour: "red" }],
    ["a limit of nothing", { ...deploy, limits: { memoryMaxBytes: 0 } }],
  ])("is refused with %s", (_what, body) => {
    expect(codeOf(() => receive(subject, body))).toBe("invalid-command");
  });

  it("is refused for a verb nobody knows and for a bad agent name", () => {
    expect(codeOf(() => receive("caxton.commands.ops.processor.explode", deploy))).toBe("invalid-command");
    expect(codeOf(() => receive("caxton.commands.ops.Processor.deploy", deploy))).toBe("invalid-agent-name");
  });

  it.each([
    "caxton.commands.ops",
    "caxton.commands.ops.processor",
    `${subject}.now`,
    "caxton.commands.o$s.proc.deploy",
  ])("is refused on %s", (to) => {
    expect(codeOf(() => receive(to, deploy))).toBe("invalid-command");
  });

  it("is refused where it is larger than the stream takes, and where it is nested too deep for us", () => {
    expect(codeOf(() => receive(subject, { ...deploy, configuration: "x".repeat(256 * 1024) }))).toBe(
      "message-too-large",
    );
    const nested = (depth: number) => ({ ...deploy, configuration: JSON.parse("[".repeat(depth) + "]".repeat(depth)) });
    expect(codeOf(() => receive(subject, nested(nestingMax - 1)))).toBe("none");
    expect(codeOf(() => receive(subject, nested(nestingMax)))).toBe("invalid-command");
    expect(codeOf(() => receive(subject, nested(5_000)))).toBe("invalid-command");
  });

  it("is refused after its time, not at it", () => {
    const expiresAt = "2026-11-23T10:00:00Z";
    const at = Date.parse(expiresAt);
    expect(codeOf(() => receive(subject, { ...deploy, expiresAt }, at))).toBe("none");
    expect(codeOf(() => receive(subject, { ...deploy, expiresAt }, at + 1))).toBe("command-expired");
  });

  it("keeps its id where the rest is malformed, so that the answer finds its sender", () => {
    expect(commandIdOf({ json: { id, nonsense: true } })).toBe(id);
    expect(commandIdOf({ json: { id: "x" } })).toBeUndefined();
    expect(commandIdOf({ json: "text" })).toBeUndefined();
    expect(commandIdOf(bodyOf(encode("{")))).toBeUndefined();
  });
});
