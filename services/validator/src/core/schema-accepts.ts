import { bound, hasType, isObject, keywords, same, schemas, sub, typeOf, typesOf } from "./schema-keywords.ts";

/**
 * Keywords that never refuse anything by themselves. Formats are annotations here, as in libs/wasm-agent;
 * `then` and `else` mean nothing without `if`, which is none of these.
 */
export const annotations: ReadonlySet<string> = new Set([
  ..."$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly".split(
    " ",
  ),
  ..."format contentEncoding contentMediaType contentSchema then else minContains maxContains nullable".split(" "),
]);

/** Whether it is certain that a value satisfies a schema. False where it does not, and where it cannot be said. */
export function surelyAccepts(schema: unknown, value: unknown): boolean {
  if (schema === false) return false;
  const words = keywords(schema);
  return Object.entries(words).every(([keyword, wanted]) => satisfies(keyword, wanted, value, words));
}

function satisfies(
  keyword: string,
  wanted: unknown,
  value: unknown,
  words: Readonly<Record<string, unknown>>,
): boolean {
  if (annotations.has(keyword)) return true;
  switch (keyword) {
    case "type":
      return hasType(typesOf(words), typeOf(value));
    case "const":
      return same(wanted, value);
    case "enum":
      return schemas(wanted).some((one) => same(one, value));
    case "anyOf":
      return schemas(wanted).some((one) => surelyAccepts(one, value));
    case "allOf":
      return schemas(wanted).every((one) => surelyAccepts(one, value));
  }
  if (typeof value === "number") return satisfiesNumber(keyword, bound(wanted), value);
  if (typeof value === "string") return satisfiesString(keyword, wanted, value);
  if (Array.isArray(value)) return satisfiesArray(keyword, wanted, value, words);
  if (isObject(value)) return satisfiesObject(keyword, wanted, value, words);
  return onlyForOthers(keyword, []);
}

const numberWords = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const stringWords = ["minLength", "maxLength", "pattern"];
const arrayWords = ["items", "prefixItems", "minItems", "maxItems", "uniqueItems"];
const objectWords = ["properties", "required", "additionalProperties", "minProperties", "maxProperties"];
const typedWords = [...numberWords, ...stringWords, ...arrayWords, ...objectWords];

/** A keyword for values of another type is satisfied; one that is not known here is not certain. */
function onlyForOthers(keyword: string, own: readonly string[]): boolean {
  return typedWords.includes(keyword) && !own.includes(keyword);
}

function satisfiesNumber(keyword: string, limit: number, value: number): boolean {
  switch (keyword) {
    case "minimum":
      return value >= limit;
    case "maximum":
      return value <= limit;
    case "exclusiveMinimum":
      return value > limit;
    case "exclusiveMaximum":
      return value < limit;
    case "multipleOf":
      return Number.isInteger(value) && Number.isInteger(limit) && value % limit === 0;
    default:
      return onlyForOthers(keyword, numberWords);
  }
}

/** Patterns are never run here: the schema is a stranger's, and this is the service's own thread. */
function satisfiesString(keyword: string, wanted: unknown, value: string): boolean {
  const length = Array.from(value).length;
  if (keyword === "minLength") return length >= bound(wanted);
  if (keyword === "maxLength") return length <= bound(wanted);
  return onlyForOthers(keyword, stringWords);
}

function satisfiesArray(
  keyword: string,
  wanted: unknown,
  value: readonly unknown[],
  words: Readonly<Record<string, unknown>>,
): boolean {
  const prefix = schemas(words["prefixItems"]);
  switch (keyword) {
    case "minItems":
      return value.length >= bound(wanted);
    case "maxItems":
      return value.length <= bound(wanted);
    case "prefixItems":
      return value.every((item, index) => index >= prefix.length || surelyAccepts(prefix[index], item));
    case "items":
      return value.slice(prefix.length).every((item) => surelyAccepts(wanted, item));
    default:
      return onlyForOthers(keyword, arrayWords);
  }
}

function satisfiesObject(
  keyword: string,
  wanted: unknown,
  value: Readonly<Record<string, unknown>>,
  words: Readonly<Record<string, unknown>>,
): boolean {
  const names = Object.keys(value);
  const properties = sub(words["properties"]);
  switch (keyword) {
    case "required":
      return schemas(wanted).every((name) => typeof name === "string" && Object.hasOwn(value, name));
    case "minProperties":
      return names.length >= bound(wanted);
    case "maxProperties":
      return names.length <= bound(wanted);
    case "properties":
      return names.every((name) => !Object.hasOwn(properties, name) || surelyAccepts(properties[name], value[name]));
    case "additionalProperties":
      return names.every((name) => Object.hasOwn(properties, name) || surelyAccepts(wanted, value[name]));
    default:
      return onlyForOthers(keyword, objectWords);
  }
}
