import { expect, it } from "vitest";
import { Tally } from "../messages/tally.ts";
import { plain } from "./style.ts";
import { tallyLines, tallyValue } from "./tally.ts";

it("says how many were accepted, where they stand and which were there already", () => {
  const tally = new Tally();
  tally.accept(1_001, false);
  tally.accept(1_003, true);
  expect(tallyLines(tally, plain)).toEqual([
    "✓ 2 messages accepted (sequences 1,001 to 1,003), 1 of them were there already",
  ]);
  expect(tallyValue(tally)).toEqual({
    accepted: 2,
    duplicates: 1,
    refused: 0,
    firstSequence: 1_001,
    lastSequence: 1_003,
  });
});

it("names the first that was refused and counts the others", () => {
  const tally = new Tally();
  tally.accept(7, false);
  tally.refuse({ place: "line 2", code: "inbox-full", message: "full" });
  tally.refuse({ place: "line 3", code: "message-too-large", message: "large" });
  expect(tallyLines(tally, plain)).toEqual([
    "✓ 1 message accepted (sequence 7)",
    "✗ 2 messages refused, the first at line 2: inbox-full",
  ]);
  expect(tally.error).toMatchObject({
    code: "inbox-full",
    message: "2 messages were refused, the first at line 2: full",
  });
});

it("does not claim to have sent what was not there", () => {
  expect(tallyLines(new Tally(), plain)).toEqual(["Nothing was sent: the input has no message."]);
});
