import { ledgerCheckpoint } from "@caxton/contracts/ledger-checkpoint";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Account } from "./account.ts";
import {
  defaultTrimSettings,
  inboxBound,
  isPressed,
  keptForMs,
  outboxBound,
  outboxExcess,
  outcomeHold,
} from "./trim-plan.ts";

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

test("no outcome goes that was not read or carried on, is young, or whose message may come again", () => {
  const result = fc.constantFrom("handled" as const, "dead-lettered" as const);
  const outputs = fc.array(fc.record({ to: fc.constantFrom("near", "far") }, { requiredKeys: [] }), { maxLength: 3 });
  const outcome = fc.record({ epoch: fc.constantFrom("1", "2"), sequence: count, decidedAtMs: count, result, outputs });
  const places = fc.record({ outbox: count, near: count, far: count });
  const bounds = fc.record({
    inboxEpoch: fc.constant("2"),
    inboxFirstSequence: count,
    readTo: count,
    decidedBeforeMs: count,
    lettersBeforeMs: count,
  });
  fc.assert(
    fc.property(count, outcome, bounds, places, (position, one, rest, { outbox, near, far }) => {
      const lanes = Object.entries({ outbox, near, far }).map(([lane, at]) => ({ lane, position: at }));
      const bound = { ...rest, lanes };
      const isDeliverable = one.epoch === "2" && one.sequence >= bound.inboxFirstSequence;
      const saysTo = (target: string) => one.outputs.some(({ to }) => to === target);
      const isCarriedOn =
        (one.outputs.length === 0 || position <= outbox) &&
        (!saysTo("near") || position <= near) &&
        (!saysTo("far") || position <= far);
      const isLetter = one.result === "dead-lettered";
      const beforeMs = Math.min(bound.decidedBeforeMs, isLetter ? bound.lettersBeforeMs : Infinity);
      const isDue = position <= bound.readTo && isCarriedOn && one.decidedAtMs < beforeMs && !isDeliverable;
      expect(outcomeHold({ position, outcome: one }, bound) === undefined).toBe(isDue);
      expect(outcomeHold({ position, outcome: undefined }, bound)).toBe("unreadable");
    }),
  );
});

test("a stream near its limit keeps what is done for a shorter time, one without a limit never", () => {
  const settings = defaultTrimSettings;
  expect(isPressed({ bytes: 81, maxBytes: 100, messages: 1 }, settings)).toBe(true);
  expect(isPressed({ bytes: 80, maxBytes: 100, messages: 1 }, settings)).toBe(false);
  expect(isPressed({ bytes: 81, maxBytes: -1, messages: 81 }, settings)).toBe(false);
  expect(isPressed({ bytes: 81, maxBytes: -1, messages: 81, maxMessages: 100 }, settings)).toBe(true);
  expect(isPressed({ bytes: 81, maxBytes: -1, messages: 80, maxMessages: 100 }, settings)).toBe(false);
  expect(keptForMs(settings.inboxRetentionMs, true, settings)).toBe(settings.pressedRetentionMs);
  expect(keptForMs(5, true, settings)).toBe(5);
  expect(keptForMs(settings.inboxRetentionMs, false, settings)).toBe(settings.inboxRetentionMs);
});

test("an outbox is never emptied, and only what is too much for its bytes goes before its time", () => {
  fc.assert(
    fc.property(count, count, count, count, (firstSequence, more, readTo, stepMax) => {
      const bound = outboxBound({ firstSequence, lastSequence: firstSequence + more }, readTo, stepMax);
      expect(bound).toBeLessThan(firstSequence + more);
      expect(bound).toBeLessThanOrEqual(readTo);
    }),
  );
  const settings = { ...defaultTrimSettings, outboxKeptMaxBytes: 1_000 };
  const outbox = { firstSequence: 1, lastSequence: 100, messages: 100, bytes: 1_000, maxBytes: -1 };
  expect(outboxExcess(outbox, settings)).toBe(0);
  expect(outboxExcess({ ...outbox, bytes: 2_000 }, settings)).toBe(50);
  expect(outboxExcess({ ...outbox, maxBytes: 1_000 }, settings)).toBe(20);
  expect(outboxExcess({ ...outbox, maxMessages: 100 }, settings)).toBe(20);
});

test("an account that was written down goes on as if it had never stopped, also where it is told things again", () => {
  const entry = fc.record({
    epoch: fc.constantFrom("1000", "2000"),
    sequence: fc.integer({ min: 1, max: 140_000 }),
    result: fc.constantFrom("handled" as const, "dead-lettered" as const),
    version: fc.constantFrom("quake-v1-00000", "quake-v2-11111"),
    attempts: fc.constant([]),
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
