import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPath } from "@caxton/deployment/shadow/path";
import { defaultShadow } from "@caxton/deployment/shadow/settings";
import { type Likeness, unlikenesses } from "./structure.ts";

const strict: Likeness = { tolerance: 0, ignore: [] };
const ignoring = (...paths: readonly string[]): Likeness => ({
  tolerance: 0,
  ignore: paths.map(readPath).flatMap((read) => (read.ok ? [read.segments] : [])),
});

describe("two JSON values", () => {
  it("are like themselves, also written out and read again, with members in another order", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(unlikenesses(value, JSON.parse(JSON.stringify(value)), strict)).toEqual([]);
        expect(unlikenesses(value, turned(value), strict)).toEqual([]);
      }),
    );
  });

  it("differ at the same places whichever of them is the live one", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const places = (all: ReturnType<typeof unlikenesses>) => all.map(({ place }) => JSON.stringify(place));
        expect(places(unlikenesses(one, other, strict))).toEqual(places(unlikenesses(other, one, strict)));
      }),
    );
  });

  it("differ somewhere where their texts do", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: true }), fc.jsonValue({ noUnicodeString: true }), (one, other) => {
        const isLike = unlikenesses(one, other, strict).length === 0;
        expect(isLike).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
      }),
    );
  });

  it("are alike where the whole is ignored", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(unlikenesses(one, other, ignoring("$"))).toEqual([]);
      }),
    );
  });

  it("with a number within the tolerance are alike, beyond it they are not", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-100, max: 1e100 });
    fc.assert(
      fc.property(number, fc.double({ min: 1e-6, max: 0.5, noNaN: true }), (value, tolerance) => {
        const likeness = { ...strict, tolerance };
        expect(unlikenesses({ value }, { value: value * (1 - tolerance * 0.99) }, likeness)).toEqual([]);
        expect(unlikenesses({ value }, { value: value * (1 - tolerance * 1.01) }, likeness)).toHaveLength(1);
      }),
    );
  });

  it.each([
    ["another value", { a: 1 }, { a: 2 }, [{ place: ["a"], kind: "value" }]],
    ["another type", { a: 1 }, { a: "1" }, [{ place: ["a"], kind: "type" }]],
    ["null in place of a list", { a: [] }, { a: null }, [{ place: ["a"], kind: "type" }]],
    ["a member that is missing", { a: 1, b: 2 }, { a: 1 }, [{ place: ["b"], kind: "missing" }]],
    ["a member that was added", { a: 1 }, { a: 1, b: undefined }, [{ place: ["b"], kind: "added" }]],
    ["a longer list", { a: [1] }, { a: [1, 2] }, [{ place: ["a"], kind: "length" }]],
    [
      "items that moved",
      [1, 2],
      [2, 1],
      [
        { place: [0], kind: "value" },
        { place: [1], kind: "value" },
      ],
    ],
    ["true and 1", [true], [1], [{ place: [0], kind: "type" }]],
  ])("with %s", (_what, live, shadow, expected) => {
    expect(unlikenesses(live, shadow, strict)).toMatchObject(expected);
  });

  it("with differences in ignored places only are alike", () => {
    const live = { timestamp: 1, items: [{ at: 1, to: "a" }], only: "live" };
    const shadow = {
      timestamp: "2",
      items: [
        { at: 9, to: "a" },
        { at: 3, to: "b" },
      ],
    };
    const kinds = unlikenesses(live, shadow, ignoring("$.timestamp", "$.items[*].at", "$.only")).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(["length"]);
    expect(unlikenesses(live, shadow, ignoring("$.timestamp", "$.items[*]", "$.only"))).toEqual([]);
  });

  it("with times that are a millisecond apart differ unless something else is asked for", () => {
    const usual = { ...strict, tolerance: defaultShadow.tolerance };
    const now = Date.parse("2100-01-01T00:00:00Z");
    expect(unlikenesses({ at: now }, { at: now + 1 }, usual)).toHaveLength(1);
    expect(unlikenesses({ sum: 0.1 + 0.2 }, { sum: 0.3 }, usual)).toEqual([]);
  });

  it("are told of so many differences and no more", () => {
    const items = Array.from({ length: 1_000 }, (_, index) => index);
    expect(
      unlikenesses(
        items,
        items.map((item) => item + 1),
        strict,
      ),
    ).toHaveLength(64);
  });
});

/** With members in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, item]) => [name, turned(item)]),
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  );
}
