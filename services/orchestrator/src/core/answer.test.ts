import { commandAnswer, type CommandAnswer } from "@caxton/contracts/command-answer";
import { describe, expect, it } from "vitest";
import { answerAgain, answerWith } from "./answer.ts";
import { bodyOf, type CommandBytes } from "./received-command.ts";

const id = "0192d3a0-7a3c-7c50-a0b5-5d8f0e3b9a11";
const data = new TextEncoder().encode(JSON.stringify({ id, actor: "Ada" }));
const command: CommandBytes = { subject: "caxton.commands.ops.proc.deploy", data, sequence: 7, receivedAtMs: 0 };
const refusal = (message: string) => ({ ok: false, error: { code: "invalid-command", message } }) as const;

describe("an answer", () => {
  it("says what was asked, by whom and when, also where it was refused", () => {
    expect(commandAnswer.check(answerWith(refusal("no"), id, command, bodyOf(data)))).toEqual({
      commandId: id,
      ok: false,
      agent: "proc",
      verb: "deploy",
      actor: "Ada",
      sequence: 7,
      receivedAt: "1970-01-01T00:00:00.000Z",
      error: { code: "invalid-command", message: "no" },
    });
  });

  it("stays small, however much of the command its message quotes", () => {
    const answer = answerWith(refusal("x".repeat(200_000)), id, command, bodyOf(data));
    expect(JSON.stringify(answer).length).toBeLessThan(3_000);
  });
});

describe("the answer to a repeated command", () => {
  const earlier: CommandAnswer = { commandId: id, sequence: 7, ...refusal("no") };

  it("is the first one's, and counts", () => {
    const once = answerAgain(earlier, 8, true);
    expect(once).toEqual({ ...earlier, repeated: 1, lastRepeat: 8 });
    expect(answerAgain(once, 9, undefined)).toEqual({ ...earlier, repeated: 2, lastRepeat: 9 });
  });

  it("says that it asked for something else", () => {
    expect(answerAgain(earlier, 8, false)).toEqual({
      ...earlier,
      repeated: 1,
      lastRepeat: 8,
      differed: true,
    });
  });

  it("is unchanged where the bus delivered one of them twice", () => {
    expect(answerAgain(earlier, 7, true)).toBe(earlier);
    const once = answerAgain(earlier, 8, true);
    expect(answerAgain(once, 8, true)).toBe(once);
    expect(answerAgain(once, 7, true)).toBe(once);
  });
});
