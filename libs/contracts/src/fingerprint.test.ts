import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, fingerprint } from "./fingerprint.ts";
import { defaultLimits } from "./limits.ts";

/** The same value with the fields of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reordered(inner)]),
  );
}

const digest = "a".repeat(64);

describe("canonical JSON", () => {
  it("does not depend on the order of keys", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => canonicalJson(reordered(value)) === canonicalJson(value)));
  });

  it("loses nothing: read again it is the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ set: 1, left: undefined })).toBe('{"set":1}');
  });

  it("keeps different values apart, also those that differ only in the order of a list", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const same = JSON.stringify(reordered(one)) === JSON.stringify(reordered(other));
        return (
          same || canonicalJson(one) !== canonicalJson(other) || canonicalJson(one) === canonicalJson(reordered(other))
        );
      }),
    );
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });

  it("sorts as RFC 8785 says, by UTF-16 units, numbers in names included", () => {
    const named = {
      "\u20ac": "Euro",
      "\r": "CR",
      "\ufb33": "Dalet",
      "1": "One",
      "10": "Ten",
      "9": "Nine",
      "\ud83d\ude00": "Smile",
      "\u0080": "Control",
      "\u00f6": "o",
    };
    expect(canonicalJson(named)).toBe(
      '{"\\r":"CR","1":"One","10":"Ten","9":"Nine","\u0080":"Control","\u00f6":"o","\u20ac":"Euro","\ud83d\ude00":"Smile","\ufb33":"Dalet"}',
    );
  });
});

describe("a fingerprint", () => {
  it("is 64 hex digits, the same for the same and another for each part that differs", () => {
    const base = fingerprint(digest, { threshold: 5, unit: "km" }, defaultLimits);
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprint(digest, { unit: "km", threshold: 5 }, { ...defaultLimits })).toBe(base);
    const others = [
      fingerprint("b".repeat(64), { threshold: 5, unit: "km" }, defaultLimits),
      fingerprint(digest, { threshold: 6, unit: "km" }, defaultLimits),
      fingerprint(digest, { threshold: 5, unit: "km" }, { ...defaultLimits, messageTimeoutMs: 999 }),
    ];
    expect(new Set([base, ...others]).size).toBe(4);
  });

  it("stays what it is: versions of yesterday keep their ids", () => {
    expect(fingerprint(digest, {}, defaultLimits)).toMatchInlineSnapshot(
      `"de776309e43043e3c7e0066943830034dbdc4eeb2066b9fc6035c450e354f168"`,
    );
  });
});
