import { expect, test } from "vitest";
import { nextDelayMs } from "./backoff.ts";
import { batchSize, busyShare, smoothed, takeBatch, waitForCompanyMs } from "./batch.ts";

test("quick agents get full batches, slow ones single messages", () => {
  expect(batchSize(0)).toBe(64);
  expect(batchSize(0.02)).toBe(64);
  expect(batchSize(5)).toBe(10);
  expect(batchSize(400)).toBe(1);
});

test("the mean begins with the first sample and follows", () => {
  expect(smoothed(0, 10)).toBe(10);
  expect(smoothed(10, 20)).toBe(12);
});

test("a batch is bounded by count and bytes, and is never empty while something waits", () => {
  const queue = [100_000, 100_000, 100_000, 300_000];
  const size = (bytes: number) => bytes;
  expect(takeBatch(queue, 64, size)).toEqual([100_000, 100_000]);
  expect(takeBatch(queue, 64, size)).toEqual([100_000]);
  expect(takeBatch(queue, 64, size)).toEqual([300_000]);
  expect(takeBatch(queue, 64, size)).toEqual([]);
  expect(takeBatch([1, 2, 3], 2, size)).toEqual([1, 2]);
});

test("a message waits for others only right behind a request, not for long, and not where there are enough", () => {
  const behind = { waiting: 1, sinceLastRequestMs: 0.5, busyShare: 0.5 };
  expect(waitForCompanyMs(behind)).toBe(1);
  expect(waitForCompanyMs({ ...behind, sinceLastRequestMs: 2 })).toBe(0);
  expect(waitForCompanyMs({ ...behind, waiting: 16 })).toBe(0);
  expect(waitForCompanyMs({ ...behind, waiting: 0 })).toBe(0);
});

test("the busier the processors, the longer a message waits for others, up to a bound; with idle ones it does not", () => {
  const behind = { waiting: 1, sinceLastRequestMs: 0 };
  const waits = [0, 0.25, 0.5, 0.75, 1].map((share) => waitForCompanyMs({ ...behind, busyShare: share }));
  expect(waits).toEqual([0, 0.75, 1.5, 2.25, 2.5]);
});

test("processors are as busy as the time that went by says", () => {
  const before = { busyMs: 1_000, freeMs: 5_000 };
  expect(busyShare(before, { busyMs: 1_250, freeMs: 5_750 })).toBe(0.25);
  expect(busyShare(before, before)).toBe(0);
  // A processor that went away takes its past with it.
  expect(busyShare(before, { busyMs: 400, freeMs: 5_200 })).toBe(0);
});

test("delays double between their bounds", () => {
  const bounds = { minMs: 25, maxMs: 500 };
  const delays = [0, 25, 50, 400, 500].map((previousMs) => nextDelayMs(previousMs, bounds));
  expect(delays).toEqual([25, 50, 100, 500, 500]);
});
