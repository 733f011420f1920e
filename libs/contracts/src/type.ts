import type {
  Static,
  TArray,
  TArrayOptions,
  TBoolean,
  TEnum,
  TEnumValue,
  TInteger,
  TLiteral,
  TLiteralValue,
  TNumber,
  TNumberOptions,
  TObject,
  TObjectOptions,
  TOptional,
  TProperties,
  TRecord,
  TSchema,
  TSchemaOptions,
  TString,
  TStringOptions,
  TUnion,
  TUnknown,
} from "typebox";

export type { Static, TProperties, TSchema };

type MayBeAbsent<Schema extends TSchema> = "~optional" extends keyof Schema ? Schema : TOptional<Schema>;

/** Of properties that need not be there. */
const optional = new WeakSet<object>();

function object<Properties extends TProperties>(properties: Properties, options?: TObjectOptions): TObject<Properties>;
function object(properties: TProperties, options: TObjectOptions = {}): TSchema {
  const required = Object.entries(properties).flatMap(([name, schema]) => (optional.has(schema) ? [] : [name]));
  return { type: "object", ...(required.length > 0 ? { required } : {}), properties, ...options };
}

/** A property that need not be there. */
function optionally<Schema extends TSchema>(schema: Schema): MayBeAbsent<Schema>;
function optionally(schema: TSchema): TSchema {
  const marked = { ...schema };
  optional.add(marked);
  return marked;
}

/** The same properties, none of which need be there. */
function partial<Properties extends TProperties>(
  whole: TObject<Properties>,
  options?: TObjectOptions,
): TObject<{ [Name in keyof Properties]: MayBeAbsent<Properties[Name]> }>;
function partial({ properties }: TObject, options?: TObjectOptions): TSchema {
  const all = Object.entries(properties).map(([name, schema]): [string, TSchema] => [name, optionally(schema)]);
  return object(Object.fromEntries(all), options);
}

/** Without these properties. */
function omit({ properties }: TObject, names: readonly string[]): TSchema {
  return object(Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))));
}

function array<Item extends TSchema>(items: Item, options?: TArrayOptions): TArray<Item>;
function array(items: TSchema, options: TArrayOptions = {}): TSchema {
  return { type: "array", items, ...options };
}

function union<Types extends TSchema[]>(anyOf: [...Types], options?: TSchemaOptions): TUnion<Types>;
function union(anyOf: TSchema[], options: TSchemaOptions = {}): TSchema {
  return { anyOf, ...options };
}

/** Any names, each with such a value. */
function record<Value extends TSchema>(name: TString, value: Value, options?: TObjectOptions): TRecord<"^.*$", Value>;
function record(_name: TString, value: TSchema, options: TObjectOptions = {}): TSchema {
  return { type: "object", patternProperties: { "^.*$": value }, ...options };
}

function literal<Value extends TLiteralValue>(value: Value, options?: TSchemaOptions): TLiteral<Value>;
function literal(value: TLiteralValue, options: TSchemaOptions = {}): TSchema {
  return { type: typeof value, const: value, ...options };
}

function enumeration<Values extends TEnumValue[]>(
  values: readonly [...Values],
  options?: TSchemaOptions,
): TEnum<Values>;
function enumeration(values: readonly TEnumValue[], options: TSchemaOptions = {}): TSchema {
  return { enum: values, ...options };
}

function string(options?: TStringOptions): TString;
function string(options: TStringOptions = {}): TSchema {
  return { type: "string", ...options };
}

function number(options?: TNumberOptions): TNumber;
function number(options: TNumberOptions = {}): TSchema {
  return { type: "number", ...options };
}

function integer(options?: TNumberOptions): TInteger;
function integer(options: TNumberOptions = {}): TSchema {
  return { type: "integer", ...options };
}

function boolean(options?: TSchemaOptions): TBoolean;
function boolean(options: TSchemaOptions = {}): TSchema {
  return { type: "boolean", ...options };
}

function unknown(options?: TSchemaOptions): TUnknown;
function unknown(options: TSchemaOptions = {}): TSchema {
  return { ...options };
}

/**
 * JSON Schemas with TypeBox's types, as TypeBox makes them (type.test.ts), without loading it: its 400 files take every
 * process 0.1 s and 26 MB, an agent's too.
 */
const Type = {
  Object: object,
  Optional: optionally,
  Partial: partial,
  Omit: omit,
  Array: array,
  Union: union,
  Record: record,
  Literal: literal,
  Enum: enumeration,
  String: string,
  Number: number,
  Integer: integer,
  Boolean: boolean,
  Unknown: unknown,
};

export default Type;
