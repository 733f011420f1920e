import { ledgerCheckpoint } from "@caxton/contracts/ledger-checkpoint";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Account } from "./account.ts";
import { defaultTrimSettings, inboxBound, inboxRetentionMs, mayTrimOutcome } from "./trim-plan.ts";

const count = fc.integer({ min: 1, max: 100_000 });

test("nothing undecided leaves an inbox, and no step is larger than it may be", () => {
  fc.assert(
    fc.property(count, count, count, count, (firstSequence, more, undecidedFrom, stepMax) => {
      const inbox = { firstSequence, lastSequence: firstSequence + more, bytes: 1, maxBytes: -1 };
      const bound = inboxBound(inbox, undecidedFrom, stepMax);
      expect(bound).toBeLessThan(undecidedFrom);
      expect(bound).toBeLessThanOrEqual(inbox.lastSequence);
      expect(bound - firstSequence).toBeLessThan(stepMax);
    }),
  );
});

test("no outcome goes that was not read, is young, or whose message may come again", () => {
  const outcome = fc.record({ epoch: fc.constantFrom("1", "2"), sequence: count, decidedAtMs: count });
  fc.assert(
    fc.property(count, outcome, count, count, count, (position, one, inboxFirstSequence, readTo, decidedBeforeMs) => {
      const bound = { inboxEpoch: "2", inboxFirstSequence, readTo, decidedBeforeMs };
      const isDeliverable = one.epoch === "2" && one.sequence >= inboxFirstSequence;
      const isDue = position <= readTo && one.decidedAtMs < decidedBeforeMs && !isDeliverable;
      expect(mayTrimOutcome({ position, outcome: one }, bound)).toBe(isDue);
      expect(mayTrimOutcome({ position, outcome: undefined }, bound)).toBe(false);
    }),
  );
});

test("an inbox near its limit keeps what is done for a shorter time, one without a limit never", () => {
  const inbox = { firstSequence: 1, lastSequence: 9, bytes: 81, maxBytes: 100 };
  expect(inboxRetentionMs(inbox, defaultTrimSettings)).toBe(defaultTrimSettings.pressedRetentionMs);
  expect(inboxRetentionMs({ ...inbox, bytes: 80 }, defaultTrimSettings)).toBe(defaultTrimSettings.inboxRetentionMs);
  expect(inboxRetentionMs({ ...inbox, maxBytes: -1 }, defaultTrimSettings)).toBe(defaultTrimSettings.inboxRetentionMs);
});

test("an account that was written down goes on as if it had never stopped, also where it is told things again", () => {
  const entry = fc.record({
    epoch: fc.constantFrom("1000", "2000"),
    sequence: fc.integer({ min: 1, max: 140_000 }),
    result: fc.constantFrom("handled" as const, "dead-lettered" as const),
    version: fc.constantFrom("quake-v1-00000", "quake-v2-11111"),
    decidedAtMs: fc.integer({ min: 0, max: 1_000 }),
  });
  fc.assert(
    fc.property(fc.array(entry), fc.array(entry), (before, after) => {
      const whole = new Account();
      for (const each of before) whole.enter(each);
      const checkpoint = { outcomeEpochMs: 1, position: 1, account: whole.save() };
      const restored = Account.restore(ledgerCheckpoint.check(JSON.parse(JSON.stringify(checkpoint))).account);
      for (const each of [...after, ...before]) {
        whole.enter(each);
        restored.enter(each);
      }
      expect(restored.snapshot()).toEqual(whole.snapshot());
    }),
  );
});
