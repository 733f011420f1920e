import { array, assert, double, property } from "fast-check";
import { expect, test } from "vitest";
import { percentile, summarize } from "./statistics.ts";

const samples = array(double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });

test("a percentile lies between two neighbours, by how far it is from each", () => {
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(percentile([4, 1, 3, 2], 0)).toBe(1);
  expect(percentile([4, 1, 3, 2], 1)).toBe(4);
  expect(percentile([], 0.5)).toBeNaN();
});

test("the interval is made of samples and holds the median", () => {
  assert(
    property(samples, (values) => {
      const { median, interval } = summarize(values);
      expect(values).toContain(interval[0]);
      expect(values).toContain(interval[1]);
      expect(interval[0]).toBeLessThanOrEqual(median);
      expect(interval[1]).toBeGreaterThanOrEqual(median);
    }),
  );
});

test.each([
  [5, 0],
  [7, 0],
  [8, 1],
  [11, 2],
  [20, 5],
])("of %i samples, %i are left out at each end (tables of the sign test)", (count, leftOut) => {
  const values = Array.from({ length: count }, (_, at) => at);
  expect(summarize(values).interval).toEqual([leftOut, count - 1 - leftOut]);
});
