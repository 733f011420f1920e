import Type from "./type.ts";
import { describe, expect, it } from "vitest";
import { CaxtonError } from "./errors.ts";
import { checker, isUuid } from "./schema.ts";

const order = checker(
  "order",
  Type.Object(
    {
      id: Type.String({ format: "uuid" }),
      at: Type.Optional(Type.String({ format: "date-time" })),
      count: Type.Integer({ minimum: 1, maximum: 64 }),
      kind: Type.Optional(Type.Literal("direct")),
      parts: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
    },
    { additionalProperties: false },
  ),
  "invalid-command",
);
const id = "0190b5c8-7c3e-7aaa-8b1a-0242ac120002";

function messageFor(value: unknown): string {
  try {
    order.check(value);
    return "accepted";
  } catch (error) {
    if (error instanceof CaxtonError && error.code === "invalid-command") return error.message;
    throw error;
  }
}

describe("a checker", () => {
  it("gives the value back as it is", () => {
    const value = { id, count: 3 };
    expect(order.check(value)).toBe(value);
    expect(order.matches(value)).toBe(true);
    expect(order.matches({})).toBe(false);
  });

  it.each([
    [{ count: 3 }, "order: must have required property 'id'"],
    [{ id: "17", count: 3 }, 'order at /id: must match format "uuid"'],
    [{ id, count: 65 }, "order at /count: must be <= 64"],
    [{ id, count: "3" }, "order at /count: must be integer"],
    [{ id, count: 3, kind: "canary" }, "order at /kind: must be equal to constant 'direct'"],
    [{ id, count: 3, colour: "red" }, "order: must NOT have additional properties 'colour'"],
    [{ id, count: 3, parts: [{ name: "a" }, {}] }, "order at /parts/1: must have required property 'name'"],
    [null, "order: must be object"],
    [undefined, "order: must be object"],
  ])("refuses %j and names place, bound and value", (value, message) => {
    expect(messageFor(value)).toBe(message);
  });

  it.each([
    ["2026-11-23T19:27:44Z", "accepted"],
    ["2026-11-23T19:27:44.123+01:00", "accepted"],
    ["2026-11-23", 'order at /at: must match format "date-time"'],
    ["2026-13-45T99:00:00Z", 'order at /at: must match format "date-time"'],
    ["tomorrow", 'order at /at: must match format "date-time"'],
  ])("takes %s as an instant: %s", (at, message) => {
    expect(messageFor({ id, count: 1, at })).toBe(message);
  });

  it("calls it a fault of ours unless told otherwise", () => {
    const strict = checker("window", Type.Object({ n: Type.Number() }));
    expect(() => strict.check({ n: NaN })).toThrow(expect.objectContaining({ code: "internal" }));
  });
});

describe("isUuid", () => {
  it.each([
    [id, true],
    [id.toUpperCase(), true],
    ["00000000-0000-0000-0000-000000000000", false],
    [`${id}\n`, false],
    [id.replaceAll("-", ""), false],
  ])("%j: %s", (text, is) => {
    expect(isUuid(text)).toBe(is);
  });
});
