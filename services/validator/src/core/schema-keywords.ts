import { canonicalJson } from "@caxton/contracts/fingerprint";

export type SchemaObject = Readonly<Record<string, unknown>>;
/** The types of JSON; `integer` is a part of `number`. */
export type JsonType = "null" | "boolean" | "object" | "array" | "string" | "number" | "integer";

export const allTypes: readonly JsonType[] = ["null", "boolean", "object", "array", "string", "number"];

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A schema as an object: `true` has no keywords. `false` is the caller's to look at. */
export function keywords(schema: unknown): SchemaObject {
  return isObject(schema) ? schema : {};
}

export function schemas(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function sub(value: unknown): SchemaObject {
  return isObject(value) ? value : {};
}

export function same(a: unknown, b: unknown): boolean {
  return canonicalJson({ a }) === canonicalJson({ a: b });
}

/** Types a schema names, or all. */
export function typesOf(schema: SchemaObject): readonly JsonType[] {
  const { type } = schema;
  if (type === undefined) return allTypes;
  const named = Array.isArray(type) ? type : [type];
  return (["integer", ...allTypes] as const).filter((one) => named.includes(one));
}

export function typeOf(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  switch (typeof value) {
    case "boolean":
    case "string":
      return typeof value === "string" ? "string" : "boolean";
    case "number":
      return Number.isInteger(value) ? "integer" : "number";
    default:
      return "object";
  }
}

export function hasType(types: readonly JsonType[], type: JsonType): boolean {
  return types.includes(type) || (type === "integer" && types.includes("number"));
}

/** All values a schema can have where they can be listed; more keywords may leave fewer of them. */
export function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  if ("const" in schema) return [schema["const"]];
  if (Array.isArray(schema["enum"])) return schemas(schema["enum"]);
  const types = typesOf(schema);
  if (!types.every((type) => type === "null" || type === "boolean")) return undefined;
  return types.flatMap((type): unknown[] => (type === "null" ? [null] : [true, false]));
}

/** What a reference inside the document points to; undefined where it points elsewhere or to nothing. */
export function resolve(root: unknown, reference: unknown): unknown {
  if (typeof reference !== "string" || !reference.startsWith("#") || hasInnerId(root)) return undefined;
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let at: unknown = root;
  for (const token of reference.slice(2).split("/")) {
    const key = decode(token);
    if (Array.isArray(at)) at = at[Number(key)];
    else if (isObject(at) && Object.hasOwn(at, key)) at = at[key];
    else return undefined;
  }
  return at;
}

function decode(token: string): string {
  const unescaped = token.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(unescaped);
  } catch {
    return unescaped;
  }
}

/** An `$id` below the root changes what references mean. */
function hasInnerId(root: unknown): boolean {
  return isObject(root) && Object.entries(root).some(([key, value]) => key !== "$id" && mentions(value, "$id"));
}

/** Whether a key occurs anywhere in a value. */
export function mentions(value: unknown, key: string): boolean {
  if (Array.isArray(value)) return value.some((item) => mentions(item, key));
  if (!isObject(value)) return false;
  return Object.hasOwn(value, key) || Object.values(value).some((item) => mentions(item, key));
}

/** A bound, or NaN, which nothing satisfies, where a stranger's schema has something else there. */
export function bound(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}
