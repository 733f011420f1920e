import { expect, test } from "vitest";
import { TrimProgress } from "./trim-progress.ts";

const lanes = (far: number) => [
  { lane: "outbox", position: 900 },
  { lane: "far", position: far },
];
const none = new Map<string, number>();
const waiting = new Map([["far", 40]]);

test("what was looked at is not looked at again, nor in another life of the stream left out", () => {
  const progress = new TrimProgress();
  expect(progress.seenTo(1, [], 0)).toBe(0);
  progress.looked(500, none, false, 10);
  expect(progress.seenTo(1, [], 20)).toBe(500);
  expect(progress.seenTo(2, [], 30)).toBe(0);
});

test("what waits for a lane is looked at again when the lane has passed the first of it, and not before", () => {
  const progress = new TrimProgress();
  progress.seenTo(1, lanes(3), 0);
  progress.looked(500, waiting, false, 10);
  progress.looked(700, new Map([["far", 510]]), true, 20);
  expect(progress.seenTo(1, lanes(39), 30)).toBe(700);
  expect(progress.seenTo(1, lanes(40), 40)).toBe(39);
  progress.looked(700, new Map([["far", 60]]), true, 50);
  expect(progress.seenTo(1, lanes(59), 60)).toBe(700);
});

test("each lane is waited for by itself", () => {
  const progress = new TrimProgress();
  progress.seenTo(1, lanes(3), 0);
  progress.looked(500, waiting, false, 10);
  progress.looked(
    1_200,
    new Map([
      ["far", 950],
      ["outbox", 910],
    ]),
    true,
    20,
  );
  const outboxAt = (position: number) => [
    { lane: "outbox", position },
    { lane: "far", position: 3 },
  ];
  expect(progress.seenTo(1, outboxAt(909), 30)).toBe(1_200);
  expect(progress.seenTo(1, outboxAt(910), 40)).toBe(909);
  progress.looked(
    1_200,
    new Map([
      ["far", 950],
      ["outbox", 920],
    ]),
    true,
    50,
  );
  expect(
    progress.seenTo(
      1,
      [
        { lane: "outbox", position: 1_200 },
        { lane: "far", position: 40 },
      ],
      60,
    ),
  ).toBe(39);
});

test("a lane that is there no more waits for nothing", () => {
  const progress = new TrimProgress();
  progress.seenTo(1, lanes(3), 0);
  progress.looked(500, waiting, true, 10);
  expect(progress.seenTo(1, [{ lane: "outbox", position: 900 }], 20)).toBe(39);
});

test("all of it is looked at again every minute, or where that took long, every ten times as long", () => {
  const progress = new TrimProgress();
  progress.seenTo(1, [], 0);
  progress.looked(500, none, true, 1_000);
  expect(progress.seenTo(1, [], 60_000)).toBe(500);
  expect(progress.seenTo(1, [], 61_001)).toBe(0);
  progress.looked(500, none, true, 161_000);
  expect(progress.seenTo(1, [], 1_160_000)).toBe(500);
  expect(progress.seenTo(1, [], 1_161_001)).toBe(0);
});
