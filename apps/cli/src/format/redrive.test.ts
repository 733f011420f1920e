import { create } from "@bufbuild/protobuf";
import {
  RedrivableSchema,
  RedrivableSummarySchema,
  RedriveProgressSchema,
} from "@caxton/contracts/gen/caxton/v1/redrive_pb.js";
import { describe, expect, it } from "vitest";
import { endLines, progressLine, redrivableLine, summaryLines } from "./redrive.ts";
import { plain } from "./style.ts";

const summary = create(RedrivableSummarySchema, {
  agent: "processor",
  version: "proc-v2-7f8d9",
  restoredVersion: "proc-v1-1f1f1",
  handled: 1_200,
  deadLettered: 3,
  outputs: 800,
  due: 1_100,
  redriven: 60,
  gone: 43,
  missing: 7,
  rollbackReason: "wrong",
});

describe("what is told of a redrive", () => {
  it("is what would become of the messages, and what cannot be done again", () => {
    expect(summaryLines(summary, plain)).toEqual([
      "proc-v2-7f8d9 was rolled back: wrong",
      "→ 1,200 messages handled, 3 failed; it had sent 800 outputs, which stay sent",
      "→ 60 of the messages were sent again before",
      "→ 43 are gone from the inbox and cannot be handled again",
      "→ 7 more are missing: their outcomes are trimmed already",
      "→ 1,100 would be handled again by proc-v1-1f1f1",
    ]);
    expect(summaryLines({ ...summary, going: 2 }, plain, 100).slice(2)).toEqual([
      "→ Redrive 2 is under way",
      expect.any(String),
      expect.any(String),
      expect.any(String),
      "→ 1,100 would be handled again by proc-v1-1f1f1, 100 of them now",
    ]);
  });

  it("is a line for each message, with where its outputs went", () => {
    const outputs = [
      { id: "", kind: "alert", to: "" },
      { id: "", kind: "note", to: "desk" },
    ];
    const handled = create(RedrivableSchema, { sequence: 17, result: "handled", becomes: "redrive", outputs });
    expect(redrivableLine(handled)).toMatch(/^ {8}17 {2}handled +redrive +\S+ +alert, note to desk$/);
    const failed = create(RedrivableSchema, { sequence: 18, code: "agent-failure", becomes: "redriven" });
    expect(redrivableLine(failed)).toMatch(/^ {8}18 {2}agent-failure +redriven .* nothing$/);
  });

  it("is how it goes, and what it came to", () => {
    const progress = create(RedriveProgressSchema, { number: 1, state: "going", redriven: 400, waiting: "1200 wait" });
    expect(progressLine(progress, 1_100)).toBe("Sending again, 400 of 1,100; 1200 wait");
    expect(endLines({ ...progress, state: "finished", gone: 43, unknown: 5 }, summary, plain)).toEqual([
      "✓ 400 sent again",
      "→ 43 are gone from the inbox",
      "→ 5 may have been sent when it was cut off, and were not sent twice",
      "→ What became of them: caxton ledger processor, caxton history processor",
    ]);
    expect(endLines({ ...progress, state: "stopped" }, summary, plain)).toEqual([
      "✗ 400 sent again; redrive 1 was stopped, the same command goes on from there",
      "→ What became of them: caxton ledger processor, caxton history processor",
      "→ Go on: caxton redrive proc-v2-7f8d9",
    ]);
  });
});
