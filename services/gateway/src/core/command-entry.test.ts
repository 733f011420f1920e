import { describe, expect, it } from "vitest";
import { answeredEntry, type CommandEntry, isWanted, waitingEntry } from "./command-entry.ts";

const stored = { subject: "caxton.answers.ci.c1", sequence: 9, storedAtMs: 2_000 };
const any = { agent: "", principal: "", refused: false };
const circumstances = { commandId: "c1", agent: "proc", verb: "deploy", receivedAt: "1970-01-01T00:00:01.000Z" };
const accepted = { ...circumstances, ok: true, deployment: "d1", state: "Queued" };
const refused = { ...circumstances, ok: false, error: { code: "queue-full", message: "wait" } };

function entry(answer: unknown): CommandEntry {
  const found = answeredEntry(stored, answer);
  if (found === undefined) throw new Error("that is no answer");
  return found;
}

describe("a command that was answered", () => {
  it("is told with who sent it and when", () => {
    const { answer, ...rest } = entry(refused);
    expect(answer).toBe(refused);
    const told = { principal: "ci", position: 9, answeredAtMs: 2_000, receivedAtMs: 1_000 };
    expect(rest).toEqual({ ...told, id: "c1", agent: "proc", verb: "deploy" });
  });

  it("is passed over where what lies there is no answer", () => {
    expect(answeredEntry(stored, { hello: "world" })).toBeUndefined();
  });
});

describe("commands", () => {
  const waiting = waitingEntry({ ...stored, subject: "caxton.commands.ops.quake.abort" }, "c2");

  it("that wait are told by their subject", () => {
    expect(waiting).toMatchObject({ principal: "ops", agent: "quake", verb: "abort", sequence: 9, position: 0 });
  });

  it("are chosen by the beginning of the agent's name, and by the whole principal", () => {
    expect(isWanted(entry(accepted), { ...any, agent: "pro" })).toBe(true);
    expect(isWanted(waiting, { ...any, agent: "pro" })).toBe(false);
    expect(isWanted(waiting, { ...any, principal: "ops" })).toBe(true);
    expect(isWanted(waiting, { ...any, principal: "op" })).toBe(false);
  });

  it("count as refused where anything that came under their id was not done", () => {
    const wanted = { ...any, refused: true };
    expect(isWanted(entry(accepted), wanted)).toBe(false);
    expect(isWanted(waiting, wanted)).toBe(false);
    expect(isWanted(entry(refused), wanted)).toBe(true);
    expect(isWanted(entry({ ...accepted, repeated: 1, differed: true }), wanted)).toBe(true);
  });
});
