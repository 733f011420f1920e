import { expect, test } from "vitest";
import { isDone, parsePosition, positionText, resumeAfter } from "./core/position.ts";
import { PublishingWindow } from "./publishing-window.ts";

const stored = () => Promise.resolve(true);

test("an outcome counts as done when it was read to its end and nothing before it is on its way", async () => {
  const window = new PublishingWindow(8, 10);
  const slow = Promise.withResolvers<boolean>();
  window.send(11, stored);
  window.send(11, () => slow.promise);
  window.outcomeRead(11);
  window.send(12, stored);
  window.outcomeRead(12);
  expect(window.outcomeSequence).toBe(10);
  slow.resolve(false);
  const told: number[] = [];
  window.onAcknowledged(() => told.push(window.outcomeSequence));
  await window.settled();
  expect(window.outcomeSequence).toBe(12);
  expect(told.at(-1)).toBe(12);
  // One of the three was there before.
  expect(window.stored).toBe(2);
});

test("what overtook one that was refused is told until that one is done; a narrow window lets nothing overtake", async () => {
  const window = new PublishingWindow(8, 10);
  window.send(11, () => Promise.reject(new Error("refused")), "a/1");
  for (const [sequence, output] of [
    [11, "a/2"],
    [12, "a/3"],
  ] as const)
    window.send(sequence, stored, output);
  window.isThere(12, "a/4");
  await window.settled();
  expect([window.outcomeSequence, window.ahead()]).toEqual([10, ["a/4", "a/2", "a/3"]]);

  const next = new PublishingWindow(8, 10, true);
  expect(next.free).toBe(1);
  next.send(11, stored, "a/1");
  next.isThere(11, "a/2");
  next.outcomeRead(11);
  next.isThere(12, "a/3");
  await next.settled();
  expect([next.outcomeSequence, next.ahead()]).toEqual([11, ["a/3"]]);
  next.widen();
  expect(next.free).toBe(8);
});

test("after a failure nothing more is sent, and what failed is not done", async () => {
  const window = new PublishingWindow(1, 0);
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
