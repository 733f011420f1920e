import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasCode } from "./errors.ts";
import { agentStream, isAgentName, isDigest, isSubjectToken, requireAgentName, requireStreamName } from "./names.ts";

const thrownBy = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};

describe("an agent name", () => {
  it.each(["a", "processor", "quake-watch", "a1-", "x".repeat(48)])("may be %s", (name) => {
    expect(requireAgentName(name)).toBe(name);
  });

  it.each(["", "A", "1a", "-a", "a.b", "a b", "a\n", "a*", "a>", "ä", "a_b", "x".repeat(49), "constructor "])(
    "may not be %j",
    (name) => {
      const error = thrownBy(() => requireAgentName(name));
      expect(hasCode(error, "invalid-agent-name")).toBe(true);
      expect(error).toHaveProperty(
        "message",
        `'${name}' is no agent name: 1 to 48 of a-z, 0-9 and '-', beginning with a letter`,
      );
    },
  );

  it("is shown shortened where it is very long", () => {
    const error = thrownBy(() => requireAgentName("x".repeat(10_000)));
    expect(String(error).length).toBeLessThan(200);
  });

  it("always gives an event stream that the store takes", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,47}$/), (name) => {
        return isAgentName(name) && requireStreamName(agentStream(name)) === `agent-${name}`;
      }),
    );
  });
});

describe("an event stream name", () => {
  it.each(["", "a.b", "a b", "$all", "a\n", "x".repeat(201)])("may not be %j", (name) => {
    expect(
      hasCode(
        thrownBy(() => requireStreamName(name)),
        "invalid-stream-name",
      ),
    ).toBe(true);
  });
});

describe("a digest", () => {
  it.each([
    ["0".repeat(64), true],
    ["0".repeat(63), false],
    ["A".repeat(64), false],
    [`${"0".repeat(64)}\n`, false],
    [`sha256:${"0".repeat(64)}`, false],
  ])("%j: %s", (text, is) => {
    expect(isDigest(text)).toBe(is);
  });
});

describe("a subject token", () => {
  it("is never split, matched or refused by the bus", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) =>
          !isSubjectToken(text) || ![" ", "\t", "\r", "\n", "\0", ".", "*", ">"].some((mark) => text.includes(mark)),
      ),
    );
    expect(["alert", "Alert_2-b"].every(isSubjectToken)).toBe(true);
    expect(["", "a.b", "*", ">", "a b", "a\n", "ä", "x".repeat(65)].some(isSubjectToken)).toBe(false);
  });
});
