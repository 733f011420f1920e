import { describe, expect, it } from "vitest";
import { parseJsonPath, valueAt } from "./json-path.ts";
import { measureText, parseMeasure } from "./measure-text.ts";

describe("a measure in a line", () => {
  it.each([
    "$.score",
    "$.quality.scores[0]",
    "$['a b'].c",
    '$["x"] of assessment',
    "$.score of assessment",
    "rate of alert",
  ])("%s is read and written the same", (text) => {
    const measure = parseMeasure(text, "lower");
    expect(measure).toMatchObject({ better: "lower" });
    expect("kind" in measure && measureText(measure)).toBe(text);
  });

  it.each([
    ["score", 0, "is no measure"],
    ["rate", 0, "is no measure"],
    ["$", 1, "is the whole output"],
    ["$.", 1, "leads nowhere"],
    ["$.scores[*]", 8, "lead to one place"],
    ["$..score", 1, "leads nowhere"],
    ["$.a[-1]", 3, "leads nowhere"],
    ["$.a b", 3, "leads nowhere"],
  ])("%s is none, and it says where", (text, offset, message) => {
    expect(parseMeasure(text, "higher")).toEqual({ offset, message: expect.stringContaining(message) });
  });
});

describe("a path", () => {
  const body = { score: 0.5, list: [{ x: 1 }], "a b": { c: null } };
  it.each([
    ["$.score", 0.5],
    ["$.list[0].x", 1],
    ["$['a b'].c", null],
    ["$.list.length", undefined],
    ["$.list[1]", undefined],
    ["$.score.toString", undefined],
    ["$.constructor", undefined],
    ["$[0]", undefined],
  ])("%s leads to what stands there, and to nothing that every object has", (text, value) => {
    const path = parseJsonPath(text);
    expect("message" in path ? path : valueAt(body, path)).toBe(value);
  });
});
