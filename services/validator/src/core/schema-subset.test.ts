import { compileSchema } from "@caxton/wasm-agent/json-schema";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { proveSubset } from "./schema-subset.ts";
import { variationsOf } from "./schema-variations.ts";

const object = (properties: object, required: readonly string[] = [], more: object = {}) => ({
  type: "object",
  properties,
  required,
  ...more,
});
const text = { type: "string" };

describe("proving that a schema accepts what another does", () => {
  it.each([
    ["the same schema", object({ a: text }), object({ a: text })],
    ["other words for people", { ...text, title: "a" }, { ...text, description: "b" }],
    ["anything", object({ a: text }, ["a"]), true],
    ["a type more", { type: "integer" }, { type: ["number", "null"] }],
    ["a value more", { enum: ["a"] }, { enum: ["a", "b"] }],
    ["listed values by their type", { enum: [1, 2] }, { type: "integer", minimum: 1, maximum: 2 }],
    ["wider bounds", { type: "number", minimum: 0, maximum: 1 }, { type: "number", exclusiveMinimum: -1, maximum: 2 }],
    [
      "an optional property more, none undeclared before",
      object({}, [], { additionalProperties: false }),
      object({ a: text }),
    ],
    ["a property less", object({ a: text }), object({})],
    ["something required less", object({ a: text }, ["a"]), object({ a: text })],
    [
      "longer lists of more",
      { type: "array", items: text, maxItems: 2 },
      { type: "array", items: { type: ["string", "null"] } },
    ],
    ["one alternative more", { anyOf: [text] }, { anyOf: [text, { type: "null" }] }],
    ["alternatives as types", { anyOf: [text, { type: "null" }] }, { type: ["string", "null"] }],
    ["types as alternatives", { type: ["string", "null"] }, { anyOf: [text, { type: "null" }] }],
    ["a definition by reference", { $ref: "#/$defs/t", $defs: { t: text } }, text],
    [
      "a tree that carries more",
      { $ref: "#/$defs/n", $defs: { n: object({ next: { $ref: "#/$defs/n" } }, [], { additionalProperties: false }) } },
      { $ref: "#/$defs/m", $defs: { m: object({ next: { $ref: "#/$defs/m" }, a: text }) } },
    ],
    ["a keyword that stays as it was", { ...text, pattern: "^a" }, { type: ["string", "null"], pattern: "^a" }],
  ])("%s", (_, older, newer) => {
    expect(proveSubset(older, newer)).toEqual({ proved: true });
  });

  it.each([
    ["something newly required", object({ a: text }), object({ a: text }, ["a"]), "the whole", '["a"] became required'],
    ["a type less", object({ a: { type: ["string", "null"] } }), object({ a: text }), "/a", "'type'"],
    ["a value less", { enum: ["a", "b"] }, { enum: ["a"] }, "the whole", '"b" may be refused'],
    ["narrower bounds", { type: "integer", minimum: 0 }, { type: "integer", minimum: 1 }, "the whole", "'minimum'"],
    ["undeclared ones refused", object({}), object({}, [], { additionalProperties: false }), "/~undeclared", "nothing"],
    ["a property that anybody may have sent", object({}), object({ a: text }), "/a", "'type' was absent"],
    ["another pattern", { ...text, pattern: "^a" }, { ...text, pattern: "^b" }, "the whole", "'pattern'"],
    ["a condition", text, { ...text, not: { const: "a" } }, "the whole", "'not'"],
    ["a reference elsewhere", text, { $ref: "https://example.org/t" }, "the whole", "leads elsewhere"],
    ["a widening that is no JSON Schema", { ...text, nullable: true }, text, "the whole", "nullable"],
  ])("stops at %s", (_, older, newer, at, why) => {
    expect(proveSubset(older, newer)).toEqual({ proved: false, at, why: expect.stringContaining(why) });
  });
});

/** Small schemas that often have to do with each other, and values that they often accept. */
const { schema } = fc.letrec<{ schema: object | boolean }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom<object | boolean>(
      true,
      false,
      {},
      { type: "string" },
      { type: "null" },
      { type: ["string", "null"] },
    ),
    fc.record({ enum: fc.subarray(["a", 1, null, true, 2.5], { minLength: 1 }) }),
    fc.record(
      {
        type: fc.constantFrom("integer", "number"),
        minimum: fc.integer({ min: -2, max: 2 }),
        exclusiveMaximum: fc.integer({ min: 0, max: 3 }),
        multipleOf: fc.constantFrom(1, 2, 0.5),
      },
      { requiredKeys: [] },
    ),
    fc.record({ minLength: fc.nat(2), maxLength: fc.nat(2) }, { requiredKeys: [] }),
    fc.record(
      {
        type: fc.constant("object"),
        properties: fc.dictionary(fc.constantFrom("a", "b"), tie("schema"), { maxKeys: 2 }),
        required: fc.subarray(["a", "b"]),
        additionalProperties: tie("schema"),
        maxProperties: fc.nat(2),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        items: tie("schema"),
        prefixItems: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
        minItems: fc.nat(2),
      },
      { requiredKeys: [] },
    ),
    fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
    fc.record({ oneOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
    fc.record({ allOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie("schema"), type: fc.constant("string") }),
    fc.record({ $ref: fc.constantFrom("#", "#/properties/a"), properties: fc.record({ a: tie("schema") }) }),
  ),
}));
const scalar = fc.constantFrom<unknown>(null, true, "", "a", "ab", "abc", 0, 1, -1, 2, 2.5, 4);
const value = fc.oneof(
  scalar,
  fc.dictionary(fc.constantFrom("a", "b", "c"), scalar, { maxKeys: 3 }),
  fc.array(scalar, { maxLength: 3 }),
);

function compiled(one: object | boolean) {
  try {
    return compileSchema("a schema", one);
  } catch {
    return undefined;
  }
}

describe("whatever the schemas", () => {
  it("what is proved holds for every value", () => {
    let proofs = 0;
    fc.assert(
      fc.property(schema, schema, fc.array(value, { minLength: 1, maxLength: 30 }), (older, newer, values) => {
        if (!proveSubset(older, newer).proved) return;
        const [before, after] = [compiled(older), compiled(newer)];
        if (before === undefined || after === undefined) return;
        proofs += 1;
        const accepted = [...values, ...variationsOf(older, values)].filter((one) => accepts(before, one));
        expect(accepted.filter((one) => !accepts(after, one))).toEqual([]);
      }),
      { numRuns: 1_500, seed: 20_261_123 },
    );
    expect(proofs).toBeGreaterThan(100);
  });
});

/** A reference to itself recurses for ever in any validator. */
function accepts(check: (one: unknown) => string | undefined, one: unknown): boolean {
  try {
    return check(one) === undefined;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
