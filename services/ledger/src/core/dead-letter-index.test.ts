import type { Outcome } from "@caxton/contracts/outcome";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DeadLetterIndex } from "./dead-letter-index.ts";

function letter(sequence: number, code: string): Outcome {
  return {
    schemaVersion: 1,
    agent: "proc",
    epoch: "1",
    sequence,
    messageId: String(sequence),
    result: "dead-lettered",
    attempts: [],
    outputs: [],
    hops: 0,
    receivedAtMs: 0,
    decidedAtMs: sequence,
    deadLetter: { code, reason: "r".repeat(1_000), headers: {}, bodyBase64: "" },
  };
}

test("going on from the last position of each page meets every letter that fits, once", () => {
  const codes = fc.array(fc.constantFrom("agent-trap", "agent-failure"), { maxLength: 60 });
  fc.assert(
    fc.property(codes, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 60 }), (given, limit, first) => {
      const index = new DeadLetterIndex();
      for (const [at, code] of given.entries()) index.enter(at + 1, letter(at + 1, code));
      for (const [at, code] of given.entries()) index.enter(at + 1, letter(at + 1, code));
      index.trim(first);
      const met: number[] = [];
      for (let afterPosition = 0; ;) {
        const { letters } = index.find({ code: "agent-trap", afterPosition, limit });
        if (letters.length === 0) break;
        met.push(...letters.map(({ sequence }) => sequence));
        afterPosition = letters.at(-1)?.position ?? 0;
      }
      const wanted = given.flatMap((code, at) => (code === "agent-trap" && at + 1 >= first ? [at + 1] : []));
      expect(met).toEqual(wanted);
      const newest = index.find({ code: "agent-trap", limit });
      expect(newest.letters.map(({ sequence }) => sequence)).toEqual(wanted.slice(-limit));
      expect(newest.total).toBe(wanted.length);
    }),
  );
});

test("a long reason is cut", () => {
  const index = new DeadLetterIndex();
  index.enter(1, letter(1, "agent-trap"));
  expect(index.find({ limit: 1 }).letters[0]?.reason).toHaveLength(200);
});
