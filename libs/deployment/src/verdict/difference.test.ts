import { describe, expect, it } from "vitest";
import {
  differenceOfMeans,
  differenceOfRates,
  noValues,
  studentQuantile,
  type Values,
  valuesMin,
  varianceOf,
  withValue,
} from "./difference.ts";

const valuesOf = (...values: readonly number[]): Values => values.reduce(withValue, noValues);
const repeated = (times: number, ...values: readonly number[]): Values =>
  valuesOf(...Array.from({ length: times }, () => values).flat());

describe("values that are added one by one", () => {
  it("have the mean and the variance of all of them, also far from 0", () => {
    const known = valuesOf(4, 7, 13, 16);
    expect(known).toMatchObject({ samples: 4, mean: 10 });
    expect(varianceOf(known)).toBe(30);
    expect(varianceOf(valuesOf(1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16))).toBeCloseTo(30, 6);
    expect(varianceOf(valuesOf(5))).toBe(0);
  });
});

describe("Student's t at 0.975", () => {
  // Fisher and Yates, Statistical Tables, table III.
  it.each([
    [29, 2.04523],
    [30, 2.04227],
    [40, 2.02108],
    [60, 2.0003],
    [120, 1.97993],
    [1e9, 1.95996],
  ])("is for %d degrees of freedom as tabulated", (freedom, quantile) => {
    expect(studentQuantile(freedom)).toBeCloseTo(quantile, 5);
  });
});

describe("the difference of means", () => {
  it("lies in the middle of an interval that is as wide as Welch has it", () => {
    // Variances 1 and 4 with 40 values each: the freedom is (1 + 4)² / (1 + 16) · 39.
    const first = { samples: 40, mean: 10, squares: 39 };
    const second = { samples: 40, mean: 11, squares: 156 };
    const { observed, low, high } = differenceOfMeans(first, second) ?? { observed: 0, low: 0, high: 0 };
    expect(observed).toBe(1);
    const margin = studentQuantile((25 / 17) * 39) * Math.sqrt(5 / 40);
    expect(high - observed).toBeCloseTo(margin, 12);
    expect(observed - low).toBeCloseTo(margin, 12);
    expect(margin).toBeCloseTo(0.70788, 4);
  });

  it("is not known with too few values of either", () => {
    const many = repeated(valuesMin, 1, 2);
    const few = valuesOf(...Array.from({ length: valuesMin - 1 }, (_, index) => index));
    expect(differenceOfMeans(many, few)).toBeUndefined();
    expect(differenceOfMeans(few, many)).toBeUndefined();
  });

  it("is exact where nothing varies", () => {
    expect(differenceOfMeans(repeated(30, 2), repeated(30, 3))).toEqual({ observed: 1, low: 1, high: 1 });
  });
});

describe("the difference of rates", () => {
  // Newcombe 1998, table II, method 10: the examples with their intervals.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 10, -0.2775, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
  ])("of %d in %d and %d in %d is as in the paper", (hits, samples, otherHits, otherSamples, low, high) => {
    const found = differenceOfRates({ hits: otherHits, samples: otherSamples }, { hits, samples });
    expect(found?.observed).toBeCloseTo(hits / samples - otherHits / otherSamples, 12);
    expect(found?.low).toBeCloseTo(low, 4);
    expect(found?.high).toBeCloseTo(high, 4);
  });

  it("is not known without messages of either", () => {
    expect(differenceOfRates({ hits: 0, samples: 0 }, { hits: 1, samples: 2 })).toBeUndefined();
  });
});
