import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers, placeText, readPath } from "./path.ts";

describe("a path", () => {
  it.each([
    ["$", []],
    ["$.timestamp", [{ kind: "member", name: "timestamp" }]],
    ["$.items[*].at", [{ kind: "member", name: "items" }, { kind: "any" }, { kind: "member", name: "at" }]],
    ["$['a b'][3].*", [{ kind: "member", name: "a b" }, { kind: "item", index: 3 }, { kind: "any" }]],
    ['$["quoted.name"]', [{ kind: "member", name: "quoted.name" }]],
  ])("%s names places", (text, segments) => {
    expect(readPath(text)).toEqual({ ok: true, segments });
  });

  it.each([
    ["timestamp", 0, "begins with '$'", "$.timestamp"],
    ["", 0, "begins with '$'", undefined],
    ["$timestamp", 1, "cannot follow '$'", undefined],
    ["$.a..b", 3, "write out each path", undefined],
    ["$.a[", 3, "cannot follow '$.a'", undefined],
    ["$.a[01]", 3, "cannot follow '$.a'", undefined],
    ["$.a[?(@.b)]", 3, "cannot follow '$.a'", undefined],
    ["$.", 1, "cannot follow '$'", undefined],
    [`$.${"a".repeat(300)}`, 256, "at most 256", undefined],
  ])("'%s' is none: character %i", (text, offset, saying, nearest) => {
    const read = readPath(text);
    expect(read).toMatchObject({ ok: false, offset, ...(nearest === undefined ? {} : { nearest }) });
    expect(read.ok ? "" : read.message).toContain(saying);
  });

  it("is read or refused at a place in the text, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("$", ".", "[", "]", "*", "'", "a", "0", "é") }), (text) => {
        const read = readPath(text);
        expect(read.ok ? 0 : read.offset).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it("covers what it names and all below", () => {
    const read = readPath("$.items[*].at");
    const segments = read.ok ? read.segments : [];
    expect(covers(segments, ["items", 3, "at"])).toBe(true);
    expect(covers(segments, ["items", 3, "at", "zone"])).toBe(true);
    expect(covers(segments, ["items", 3])).toBe(false);
    expect(covers(segments, ["items", 3, "to"])).toBe(false);
  });

  it("of a place covers that place", () => {
    const step = fc.oneof(fc.stringMatching(/^[A-Za-z_][\w-]{0,8}$/), fc.nat({ max: 99 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (place) => {
        const read = readPath(placeText(place));
        expect(read.ok && covers(read.segments, place)).toBe(true);
      }),
    );
  });
});
