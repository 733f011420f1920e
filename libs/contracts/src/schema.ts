import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { Static, TSchema } from "./type.ts";
import { CaxtonError, type ErrorCode } from "./errors.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const isoInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Our own schemas need not be held against the schema of schemas, which takes longer than making all of them ready. */
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, meta: false, validateSchema: false });
ajv.addFormat("uuid", uuid);
ajv.addFormat("date-time", { validate: (text: string) => isoInstant.test(text) && !Number.isNaN(Date.parse(text)) });

/** A schema made ready once; `check` returns the value with its type or throws. */
export interface Checker<Value> {
  /** @throws CaxtonError with `code`, naming the place and what was expected there */
  check(value: unknown): Value;
  matches(value: unknown): value is Value;
}

export function checker<Schema extends TSchema>(
  what: string,
  schema: Schema,
  code: ErrorCode = "internal",
): Checker<Static<Schema>> {
  const validate: ValidateFunction<Static<Schema>> = ajv.compile<Static<Schema>>(schema);
  return {
    check(value) {
      if (validate(value)) return value;
      throw new CaxtonError(code, problem(what, validate.errors?.[0]));
    },
    matches: (value): value is Static<Schema> => validate(value),
  };
}

/** Where it is wrong, what belongs there, and the value that the schema names: an extra field or what is allowed. */
function problem(what: string, error: ErrorObject | undefined): string {
  const place = error === undefined || error.instancePath === "" ? what : `${what} at ${error.instancePath}`;
  const { additionalProperty, allowedValue, allowedValues } = error?.params ?? {};
  const named: unknown = additionalProperty ?? allowedValue ?? allowedValues;
  const value = named === undefined ? "" : ` ${typeof named === "string" ? `'${named}'` : JSON.stringify(named)}`;
  return `${place}: ${error?.message ?? "does not satisfy its schema"}${value}`;
}

export function isUuid(text: string): boolean {
  return uuid.test(text);
}
