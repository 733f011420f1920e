import { expect, test } from "vitest";
import { isDone, parsePosition, positionText, resumeAfter } from "./core/position.ts";
import { PublishingWindow } from "./publishing-window.ts";

const stored = (sequence: number) => () => Promise.resolve({ sequence });

test("an outcome counts as done when it was read to its end and nothing before it is on its way", async () => {
  const window = new PublishingWindow(8, 10, 100);
  const slow = Promise.withResolvers<{ sequence: number }>();
  window.send(11, stored(101));
  window.send(11, () => slow.promise);
  window.outcomeRead(11);
  window.send(12, stored(103));
  window.outcomeRead(12);
  expect(window.outcomeSequence).toBe(10);
  slow.resolve({ sequence: 102 });
  await window.settled();
  expect(window.outcomeSequence).toBe(12);
});

test("between two outputs of one outcome, the floor stays below the first", async () => {
  const window = new PublishingWindow(8, 10, 100);
  window.send(11, stored(101));
  await window.settled();
  expect([window.outcomeSequence, window.targetSequence]).toEqual([10, 100]);
  window.outcomeRead(11);
  expect([window.outcomeSequence, window.targetSequence]).toEqual([11, 101]);
});

test("after a failure nothing more is sent, and what failed is not done", async () => {
  const window = new PublishingWindow(1, 0, 0);
  window.send(1, () => Promise.reject(new Error("refused")));
  expect(window.free).toBe(0);
  await expect(window.room()).rejects.toThrow("refused");
  await window.settled();
  window.outcomeRead(1);
  expect(window.outcomeSequence).toBe(0);
  expect(await window.failed(new AbortController().signal)).toMatchObject({ message: "refused" });
});

test("positions: what is done before them, and where to go on", () => {
  const tail = parsePosition(positionText({ outcomeEpochMs: 7, outcomeSequence: 9, index: 1 }));
  expect(tail).toEqual({ outcomeEpochMs: 7, outcomeSequence: 9, index: 1 });
  expect(parsePosition("7.9.x")).toBeUndefined();
  const done = resumeAfter(7, { outcomeEpochMs: 7, outcomeSequence: 5 }, tail);
  expect([isDone(done, 8, 7), isDone(done, 9, 1), isDone(done, 9, 2), isDone(done, 10, 0)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(isDone(resumeAfter(7, { outcomeEpochMs: 7, outcomeSequence: 9 }, tail), 9, 2)).toBe(true);
  // Of another life of the stream: nothing is done.
  expect(resumeAfter(8, { outcomeEpochMs: 7, outcomeSequence: 9 }, tail).outcomeSequence).toBe(0);
});
