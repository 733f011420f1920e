import type { JsonObject } from "@bufbuild/protobuf";

/** A value as it is after JSON; undefined where it is no object. */
export function toJsonObject(value: unknown): JsonObject | undefined {
  if (value === undefined) return undefined;
  const copy: unknown = JSON.parse(JSON.stringify(value));
  return isJsonObject(copy) ? copy : undefined;
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
