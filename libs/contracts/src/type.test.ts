import TypeBox from "typebox";
import { expect, test } from "vitest";
import Type from "./type.ts";

/** Everything that the builder has, in the ways that schemas use it. */
const examples = (type: typeof Type): Readonly<Record<string, unknown>> => {
  const count = type.Integer({ minimum: 0, description: "How many." });
  const part = type.Object({ name: type.String({ pattern: "^[a-z]+$" }), count, note: type.Optional(type.String()) });
  return {
    object: type.Object({ a: type.Number(), b: type.Optional(count), c: count }, { additionalProperties: false }),
    allOptional: type.Object({ a: type.Optional(type.Boolean()) }),
    nested: type.Object({ parts: type.Array(part, { minItems: 1, maxItems: 64 }), one: type.Optional(part) }),
    partial: type.Partial(part, { additionalProperties: false, description: "Some." }),
    partialAsItIs: type.Partial(part),
    omit: type.Omit(part, ["name"]),
    omitClosed: type.Omit(type.Object({ a: count, b: count }, { additionalProperties: false }), ["a"]),
    union: type.Union([type.Literal("yes"), type.Literal(3), type.Literal(false), part], { description: "Either." }),
    record: type.Record(type.String(), count),
    recordTold: type.Record(type.String(), count, { description: "By name." }),
    enumeration: type.Enum(["a", "b"], { description: "Which." }),
    unknown: type.Unknown({ description: "Anything." }),
    nothing: type.Object({}),
  };
};

test.each(Object.keys(examples(Type)))("%s is made as TypeBox makes it", (name) => {
  expect(JSON.stringify(examples(Type)[name])).toBe(JSON.stringify(examples(TypeBox)[name]));
});

test("who makes a schema optional leaves that schema as it is", () => {
  const count = Type.Integer();
  Type.Optional(count);
  expect(Type.Object({ count })).toMatchObject({ required: ["count"] });
});
