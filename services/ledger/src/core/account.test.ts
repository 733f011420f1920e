import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Account, ledgerOf } from "./account.ts";
import { SequenceSet } from "./sequence-set.ts";

const sequences = fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 300 });

describe("a set of sequences", () => {
  test("says what a plain set says", () => {
    fc.assert(
      fc.property(sequences, sequences, (added, asked) => {
        const set = new SequenceSet();
        const plain = new Set<number>();
        for (const sequence of added) {
          expect(set.add(sequence)).toBe(!plain.has(sequence));
          plain.add(sequence);
        }
        expect(set.size).toBe(plain.size);
        expect(set.highest).toBe(Math.max(0, ...plain));
        for (const sequence of [...added, ...asked]) expect(set.has(sequence)).toBe(plain.has(sequence));
      }),
    );
  });

  test("has its floor at the first gap, in whatever order they came", () => {
    const shuffled = fc.integer({ min: 1, max: 300 }).chain((count) => {
      const all = Array.from({ length: count }, (_, index) => index + 1);
      return fc.tuple(fc.shuffledSubarray(all, { minLength: count - 1 }), fc.constant(count));
    });
    fc.assert(
      fc.property(shuffled, ([added, count]) => {
        const set = new SequenceSet();
        for (const sequence of added) set.add(sequence);
        const gap = Array.from({ length: count + 1 }, (_, index) => index + 1).find(
          (sequence) => !added.includes(sequence),
        );
        expect(set.floor).toBe(gap);
      }),
    );
  });

  test("stays exact over pages that are complete", () => {
    const set = new SequenceSet();
    for (let sequence = 1; sequence <= 200_000; sequence++) set.add(sequence);
    expect([set.size, set.floor, set.has(65_536), set.has(200_000), set.has(200_001)]).toEqual([
      200_000,
      200_001,
      true,
      true,
      false,
    ]);
    expect(set.add(70_000)).toBe(false);
  });
});

const entry = fc.record({
  epoch: fc.constantFrom("1000", "2000"),
  sequence: fc.integer({ min: 1, max: 60 }),
  result: fc.constantFrom("handled" as const, "dead-lettered" as const),
  version: fc.constantFrom("quake-v1-00000", "quake-v2-11111"),
  attempts: fc.constant([]),
  decidedAtMs: fc.integer({ min: 0, max: 1_000 }),
});

describe("an account", () => {
  test("always adds up, and telling it everything again changes nothing", () => {
    fc.assert(
      fc.property(fc.array(entry), fc.integer({ min: 60, max: 90 }), (entries, lastSequence) => {
        const once = new Account();
        for (const each of entries) once.enter(each);
        const inbox = { epoch: "2000", firstSequence: 1, lastSequence };
        const ledger = ledgerOf("quake-watch", once.snapshot(), inbox);
        expect(ledger.handled + ledger.deadLettered + ledger.pending).toBe(ledger.accepted);
        expect(ledger.versions.reduce((sum, { handled }) => sum + handled, 0)).toBe(ledger.handled);
        expect(ledger.faults).toEqual([]);
        for (const each of entries) once.enter(each);
        expect(ledgerOf("quake-watch", once.snapshot(), inbox)).toEqual(ledger);
      }),
    );
  });

  test("calls an inbox that ends below what was decided a fault", () => {
    const books = new Account();
    books.enter({ epoch: "1", sequence: 9, result: "handled", attempts: [], decidedAtMs: 0 });
    const ledger = ledgerOf("quake-watch", books.snapshot(), { epoch: "1", firstSequence: 1, lastSequence: 4 });
    expect(ledger.faults).toMatchObject([{ code: "inbox-behind" }]);
    expect(ledger.pending).toBe(3);
  });

  test("calls a message that left the inbox undecided a fault", () => {
    const books = new Account();
    books.enter({ epoch: "1", sequence: 1, result: "handled", attempts: [], decidedAtMs: 0 });
    const ledger = ledgerOf("quake-watch", books.snapshot(), { epoch: "1", firstSequence: 3, lastSequence: 4 });
    expect(ledger).toMatchObject({ faults: [{ code: "message-removed" }], pending: 3, oldestPending: 2 });
  });
});
