import { annotations, surelyAccepts } from "./schema-accepts.ts";
import {
  bound,
  hasType,
  type JsonType,
  keywords,
  mentions,
  resolve,
  same,
  schemas,
  type SchemaObject,
  sub,
  typesOf,
  valuesOf,
} from "./schema-keywords.ts";

/** `proved`: every value that the old schema accepts is accepted by the new one; else where the proof stopped. */
export type Proof = { readonly proved: true } | { readonly proved: false; readonly at: string; readonly why: string };

/**
 * Tries to prove from the structure of two JSON Schemas (2020-12) that the new one accepts all that the old one does. It
 * is never wrong when it says so; where it does not, the new one may still accept everything. What only narrows the old
 * schema may be left out of account.
 */
export function proveSubset(older: unknown, newer: unknown): Proof {
  if (same(older, newer)) return proved;
  if (mentions(older, "nullable")) return stopped("", "'nullable' is not JSON Schema and widens a type");
  return prove({ older, newer, underProof: new Map(), steps: 0 }, older, newer, "");
}

const proved: Proof = { proved: true };
/** Alternatives within alternatives multiply; a proof that takes more is given up. */
const maxSteps = 2_000;

interface Documents {
  readonly older: unknown;
  readonly newer: unknown;
  /** Pairs with references, and where they were met: deeper in the value the proof may rest on itself. */
  readonly underProof: Map<string, string>;
  steps: number;
}

function stopped(at: string, why: string): Proof {
  return { proved: false, at: at === "" ? "the whole" : at, why };
}

function firstStop(proofs: Iterable<Proof>): Proof {
  for (const proof of proofs) if (!proof.proved) return proof;
  return proved;
}

function prove(documents: Documents, older: unknown, newer: unknown, at: string): Proof {
  if (older === false || newer === true) return proved;
  if (newer === false) return stopped(at, "nothing is accepted here any more");
  documents.steps += 1;
  if (documents.steps > maxSteps) return stopped(at, "the schemas are too intricate to compare");
  const a = keywords(older);
  const b = keywords(newer);
  if (same(a, b) && !mentions(a, "$ref") && !mentions(a, "$dynamicRef")) return proved;
  if ("$ref" in a || "$ref" in b) return proveReferences(documents, a, b, at);
  const values = valuesOf(a);
  if (values !== undefined) {
    const refused = values.find((value) => !surelyAccepts(b, value));
    return refused === undefined ? proved : stopped(at, `${JSON.stringify(refused)} may be refused`);
  }
  const alternatives = [...schemas(a["anyOf"]), ...schemas(a["oneOf"])];
  if (alternatives.length > 0 && alternatives.every((one) => prove(documents, one, b, at).proved)) return proved;
  if (schemas(a["allOf"]).some((one) => prove(documents, one, b, at).proved)) return proved;
  return firstStop(
    Object.entries(b)
      .filter(([keyword]) => !annotations.has(keyword))
      .values()
      .map(([keyword, wanted]) => proveKeyword(documents, keyword, wanted, a, b, at)),
  );
}

function proveReferences(documents: Documents, a: SchemaObject, b: SchemaObject, at: string): Proof {
  const pair = JSON.stringify([a, b]);
  const metAt = documents.underProof.get(pair);
  if (metAt !== undefined) return metAt === at ? stopped(at, "a reference leads to itself") : proved;
  documents.underProof.set(pair, at);
  try {
    return proveConjunction(documents, a, b, at);
  } finally {
    documents.underProof.delete(pair);
  }
}

/** What a reference leads to and the keywords beside it both hold, on either side. */
function proveConjunction(documents: Documents, a: SchemaObject, b: SchemaObject, at: string): Proof {
  if ("$ref" in b) {
    const { $ref, ...rest } = b;
    const target = resolve(documents.newer, $ref);
    if (target === undefined) return stopped(at, `the reference ${text($ref)} leads elsewhere`);
    return firstStop([prove(documents, a, target, at), prove(documents, a, rest, at)]);
  }
  const { $ref, ...rest } = a;
  const target = resolve(documents.older, $ref);
  if (target !== undefined && prove(documents, target, b, at).proved) return proved;
  return prove(documents, rest, b, at);
}

const keywordTypes: Readonly<Record<string, JsonType>> = {
  ...group("number", "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf"),
  ...group("string", "minLength maxLength pattern"),
  ...group("array", "items prefixItems minItems maxItems uniqueItems"),
  ...group("object", "properties patternProperties additionalProperties required minProperties maxProperties"),
  ...group("object", "propertyNames dependentRequired"),
};

function group(type: JsonType, names: string): Record<string, JsonType> {
  return Object.fromEntries(names.split(" ").map((name) => [name, type]));
}

function proveKeyword(
  documents: Documents,
  keyword: string,
  wanted: unknown,
  a: SchemaObject,
  b: SchemaObject,
  at: string,
): Proof {
  const types = typesOf(a);
  const only = keywordTypes[keyword];
  if (only !== undefined && !types.includes(only) && !(only === "number" && types.includes("integer"))) return proved;
  const holds = (does: boolean): Proof =>
    does ? proved : stopped(at, `'${keyword}' was ${text(a[keyword])} and is ${text(wanted)}`);
  const number = (name: string, otherwise: number) => (typeof a[name] === "number" ? a[name] : otherwise);
  const limit = bound(wanted);
  switch (keyword) {
    case "type":
      return holds(types.every((type) => hasType(typesOf(b), type)));
    case "minimum":
      return holds(number("minimum", -Infinity) >= limit || number("exclusiveMinimum", -Infinity) >= limit);
    case "exclusiveMinimum":
      return holds(number("minimum", -Infinity) > limit || number("exclusiveMinimum", -Infinity) >= limit);
    case "maximum":
      return holds(number("maximum", Infinity) <= limit || number("exclusiveMaximum", Infinity) <= limit);
    case "exclusiveMaximum":
      return holds(number("maximum", Infinity) < limit || number("exclusiveMaximum", Infinity) <= limit);
    case "multipleOf":
      return holds(same(a["multipleOf"], wanted) || (limit === 1 && !types.includes("number")));
    case "minLength":
    case "minItems":
      return holds(number(keyword, 0) >= limit);
    case "minProperties":
      return holds(number(keyword, schemas(a["required"]).length) >= limit);
    case "maxLength":
    case "maxItems":
    case "maxProperties":
      return holds(number(keyword, Infinity) <= limit);
    case "uniqueItems":
      return holds(wanted === false || a["uniqueItems"] === true || number("maxItems", Infinity) <= 1);
    case "required": {
      const newlyRequired = schemas(wanted).filter((name) => !schemas(a["required"]).includes(name));
      return newlyRequired.length === 0 ? proved : stopped(at, `${text(newlyRequired)} became required`);
    }
    case "properties":
      return firstStop(
        Object.entries(sub(wanted)).map(([name, schema]) =>
          prove(documents, propertySchema(a, name), schema, `${at}/${name}`),
        ),
      );
    case "additionalProperties":
      return proveAdditional(documents, wanted, a, b, at);
    case "items":
    case "prefixItems":
      return proveItems(documents, a, b, at);
    case "anyOf":
      return holds(anyOfHolds(documents, schemas(wanted), a, types, at));
    case "allOf":
      return firstStop(schemas(wanted).map((one) => prove(documents, a, one, at)));
    default:
      return holds(sameGroup(keyword, a, b));
  }
}

/** What the old schema says of a property, or more than that where it says it by pattern. */
function propertySchema(a: SchemaObject, name: string): unknown {
  const properties = sub(a["properties"]);
  if (Object.hasOwn(properties, name)) return properties[name];
  if ("patternProperties" in a) return true;
  return a["additionalProperties"] ?? true;
}

function proveAdditional(documents: Documents, wanted: unknown, a: SchemaObject, b: SchemaObject, at: string): Proof {
  const declared = sub(b["properties"]);
  const named = Object.entries({ ...sub(a["properties"]) }).filter(([name]) => !Object.hasOwn(declared, name));
  return firstStop([
    ...named.map(([name, schema]) => prove(documents, schema, wanted, `${at}/${name}`)),
    ...Object.values(sub(a["patternProperties"])).map((schema) => prove(documents, schema, wanted, `${at}/~pattern`)),
    prove(documents, a["additionalProperties"] ?? true, wanted, `${at}/~undeclared`),
  ]);
}

function proveItems(documents: Documents, a: SchemaObject, b: SchemaObject, at: string): Proof {
  const before = schemas(a["prefixItems"]);
  const after = schemas(b["prefixItems"]);
  const count = Math.max(before.length, after.length);
  const itemOf = (schema: SchemaObject, prefix: readonly unknown[], index: number) =>
    index < prefix.length ? prefix[index] : (schema["items"] ?? true);
  return firstStop(
    Array.from({ length: count + 1 }, (_, index) =>
      prove(documents, itemOf(a, before, index), itemOf(b, after, index), `${at}/${index < count ? index : "~items"}`),
    ),
  );
}

/** One alternative takes everything, or for each type of value there is one that does. */
function anyOfHolds(
  documents: Documents,
  alternatives: readonly unknown[],
  a: SchemaObject,
  types: readonly JsonType[],
  at: string,
): boolean {
  const oneTakes = (part: SchemaObject) => alternatives.some((one) => prove(documents, part, one, at).proved);
  return oneTakes(a) || (types.length > 1 && types.every((type) => oneTakes({ ...a, type })));
}

const groups = [
  ["if", "then", "else"],
  ["contains", "minContains", "maxContains"],
];

/** Keywords that are not understood hold where the old schema has them word for word, references and evaluation aside. */
function sameGroup(keyword: string, a: SchemaObject, b: SchemaObject): boolean {
  if (keyword.startsWith("unevaluated") || keyword.startsWith("$")) return false;
  const members = groups.find((names) => names.includes(keyword)) ?? [keyword];
  return members.every((name) => same(a[name], b[name]) && !mentions(b[name], "$ref"));
}

function text(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value).slice(0, 100);
}
