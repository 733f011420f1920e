import { expect, it } from "vitest";
import { firstDifference } from "./difference.ts";

it("finds none between equal values, whatever the order of keys", () => {
  expect(firstDifference({ a: [1, { b: null }], c: "x" }, { c: "x", a: [1, { b: null }] })).toBeUndefined();
});

it.each([
  [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, { path: "/a/b/1", left: 2, right: 3 }],
  [{ a: 1 }, {}, { path: "/a", left: 1, right: undefined }],
  [{ a: [] }, { a: {} }, { path: "/a", left: [], right: {} }],
  [{ a: null }, { a: {} }, { path: "/a", left: null, right: {} }],
  [[1], [1, 2], { path: "/1", left: undefined, right: 2 }],
  [{ "a/b~c": 1 }, { "a/b~c": 2 }, { path: "/a~1b~0c", left: 1, right: 2 }],
  [1, "1", { path: "", left: 1, right: "1" }],
])("names the first place where %j and %j differ", (left, right, expected) => {
  expect(firstDifference(left, right)).toEqual(expected);
});
