import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { TSchema } from "../type.ts";
import comments from "../../gen/comments.json" with { type: "json" };
import { structSchemas } from "./struct-schemas.ts";

/** A schema, or another part of a document. */
export type JsonSchema = TSchema | Readonly<Record<string, unknown>>;

const texts: Readonly<Partial<Record<string, string>>> = comments;

/** What stands above it in proto/. */
export function commentOf(name: string): { readonly description?: string } {
  const description = texts[name];
  return description === undefined ? {} : { description };
}

export const refTo = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** Messages and what they are made of, by name, as they are in proto's JSON (https://protobuf.dev/programming-guides/json/). */
export function messageSchemas(messages: readonly DescMessage[]): Readonly<Record<string, JsonSchema>> {
  const schemas: Record<string, JsonSchema> = {};
  const add = (message: DescMessage): void => {
    if (schemas[message.typeName] !== undefined || wellKnown(message) !== undefined) return;
    const properties: Record<string, JsonSchema> = {};
    schemas[message.typeName] = { type: "object", ...commentOf(message.typeName), properties };
    for (const field of message.fields) {
      const name = `${message.typeName}.${field.name}`;
      const known = structSchemas[name];
      if (known !== undefined) schemas[name] = known;
      properties[field.jsonName] =
        known === undefined ? { ...schemaOf(field), ...commentOf(name) } : { ...refTo(name), ...commentOf(name) };
      if (field.message !== undefined) add(field.message);
    }
  };
  for (const message of messages) add(message);
  return schemas;
}

/** A message by reference, or what JSON makes of it where it is one of protobuf's own. */
export function schemaOfMessage(message: DescMessage): JsonSchema {
  return wellKnown(message) ?? refTo(message.typeName);
}

function wellKnown({ typeName }: DescMessage): JsonSchema | undefined {
  switch (typeName) {
    case "google.protobuf.Timestamp":
      return { type: "string", format: "date-time" };
    case "google.protobuf.Struct":
      return { type: "object" };
    // Any JSON.
    case "google.protobuf.Value":
      return {};
    default:
      return undefined;
  }
}

/** @throws Error for a kind of field that the API does not have; it is written here when it gets one */
function schemaOf(field: DescField): JsonSchema {
  switch (field.fieldKind) {
    case "scalar":
      return schemaOfScalar(field.scalar);
    case "message":
      return schemaOfMessage(field.message);
    case "list":
      if (field.listKind === "scalar") return { type: "array", items: schemaOfScalar(field.scalar) };
      if (field.listKind === "message") return { type: "array", items: schemaOfMessage(field.message) };
      return { type: "array", items: { enum: field.enum.values.map(({ name }) => name) } };
    case "enum":
      return { enum: field.enum.values.map(({ name }) => name) };
    case "map":
      throw new Error(`${field.toString()} is a map, which is described nowhere yet`);
  }
}

function schemaOfScalar(scalar: ScalarType): JsonSchema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: "number" };
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return { type: "string", pattern: "^-?[0-9]+$" };
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return { type: "integer" };
  }
}
