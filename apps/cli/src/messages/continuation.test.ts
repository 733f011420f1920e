import { expect, it } from "vitest";
import { continuationText, continueCommand, parseContinuation } from "./continuation.ts";

const next = { run: "0123456789ab", from: 4_001, after: 5_230 };
const plainly = { agent: "proc", kind: "", conversation: "", whole: false, raw: false };

it("is a word that an interrupted send names and the next one takes", () => {
  expect(continuationText(next)).toBe("0123456789ab-4001-5230");
  expect(parseContinuation(continuationText(next))).toEqual(next);
});

it.each(["", "4001", "0123456789ab-4001", "0123456789AB-1-1", "0123456789ab-1-1-1", "0123456789ab--1-1"])(
  "refuses '%s'",
  (text) => {
    expect(() => parseContinuation(text)).toThrow(/^--continue takes what an interrupted send named, not '/);
  },
);

it("is told as the command that goes on, with what was asked for", () => {
  expect(continueCommand({ ...plainly, file: "a.jsonl" }, next)).toBe(
    "caxton send proc a.jsonl --continue 0123456789ab-4001-5230",
  );
  const file = "it's mine.jsonl";
  expect(
    continueCommand({ agent: "proc", file, kind: "visit", conversation: "a b", whole: true, raw: true }, next),
  ).toBe(
    String.raw`caxton send proc 'it'\''s mine.jsonl' --kind visit --conversation 'a b' --whole --raw --continue 0123456789ab-4001-5230`,
  );
});
