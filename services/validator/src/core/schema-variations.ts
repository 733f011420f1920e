import { canonicalJson } from "@caxton/contracts/fingerprint";
import { isObject, keywords, resolve, schemas, sub, typesOf, valuesOf } from "./schema-keywords.ts";

const maxVariations = 256;
const maxDepth = 4;
const maxTextLength = 2_048;
const undeclaredName = "x-undeclared";

/**
 * Values near the examples that a schema may accept and a narrower one refuse: each optional property left out, each
 * property at its bounds, as every type, as every listed value, and one property nobody declared. Only candidates:
 * whoever uses them checks first which of them the schema accepts.
 */
export function variationsOf(schema: unknown, examples: readonly unknown[]): unknown[] {
  const found = new Map<string, unknown>();
  for (const value of candidates(schema, examples)) {
    if (found.size === maxVariations) break;
    found.set(canonicalJson({ value }), value);
  }
  return [...found.values()];
}

function* candidates(root: unknown, examples: readonly unknown[]): Generator {
  for (const example of examples.slice(0, 2)) yield* vary(root, root, example, 0);
  yield* samples(root, root);
}

function* vary(root: unknown, schema: unknown, value: unknown, depth: number): Generator {
  if (depth > maxDepth) return;
  const words = dereference(root, schema);
  if (Array.isArray(value)) yield* varyArray(root, words, value, depth);
  if (!isObject(value)) return;
  const required = schemas(words["required"]);
  yield only(value, (name) => required.includes(name));
  for (const name of Object.keys(value)) yield only(value, (other) => other !== name);
  for (const [name, property] of Object.entries(sub(words["properties"]))) {
    for (const sample of samples(root, property)) yield { ...value, [name]: sample };
    if (!Object.hasOwn(value, name)) continue;
    for (const inner of vary(root, property, value[name], depth + 1)) yield { ...value, [name]: inner };
  }
  if (words["additionalProperties"] !== false) {
    yield { ...value, [undeclaredName]: "anything" };
    yield { ...value, [undeclaredName]: 1 };
  }
}

function* varyArray(root: unknown, words: Words, value: readonly unknown[], depth: number): Generator {
  yield [];
  yield [...value, ...value];
  for (const sample of samples(root, words["items"] ?? true)) yield [...value.slice(0, -1), sample];
  for (const inner of vary(root, words["items"] ?? true, value[0], depth + 1)) yield [inner, ...value.slice(1)];
}

type Words = Readonly<Record<string, unknown>>;

function dereference(root: unknown, schema: unknown): Words {
  const words = keywords(schema);
  return "$ref" in words ? { ...keywords(resolve(root, words["$ref"])), ...words } : words;
}

function* samples(root: unknown, schema: unknown, depth = 0): Generator {
  if (schema === false || depth > maxDepth) return;
  const words = dereference(root, schema);
  const values = valuesOf(words);
  if (values !== undefined) return yield* values;
  for (const one of [...schemas(words["anyOf"]), ...schemas(words["oneOf"]), ...schemas(words["allOf"])]) {
    yield* samples(root, one, depth + 1);
  }
  for (const type of typesOf(words)) {
    switch (type) {
      case "null":
        yield null;
        break;
      case "boolean":
        yield true;
        yield false;
        break;
      case "integer":
      case "number":
        yield* numbers(words, type === "integer");
        break;
      case "string":
        yield* texts(words);
        break;
      case "array":
        yield [];
        break;
      case "object":
        yield {};
    }
  }
}

function* numbers(words: Words, whole: boolean): Generator<number> {
  const step = whole ? 1 : 1e-3;
  for (const name of ["minimum", "maximum"]) if (typeof words[name] === "number") yield words[name];
  if (typeof words["exclusiveMinimum"] === "number") yield words["exclusiveMinimum"] + step;
  if (typeof words["exclusiveMaximum"] === "number") yield words["exclusiveMaximum"] - step;
  yield* [0, -1, 1_000_000_007, -1_000_000_007];
  if (!whole) yield 0.5;
}

function* texts(words: Words): Generator<string> {
  const { minLength, maxLength } = words;
  yield "";
  yield "x";
  if (typeof minLength === "number" && minLength <= maxTextLength) yield "x".repeat(minLength);
  yield "x".repeat(typeof maxLength === "number" ? Math.min(maxLength, maxTextLength) : maxTextLength);
}

function only(value: Words, keep: (name: string) => boolean): Words {
  return Object.fromEntries(Object.entries(value).filter(([name]) => keep(name)));
}
