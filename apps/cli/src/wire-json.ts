import { type DescMessage, type JsonObject, type MessageShape, toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

/** A message of the API as JSON, as `--json` prints it: every field is there, also where it has its default. */
export function wireJson<Schema extends DescMessage>(schema: Schema, message: MessageShape<Schema>): JsonObject {
  const json = toJson(schema, message, { alwaysEmitImplicit: true });
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
}

export function unixMs(timestamp: Timestamp | undefined): number | undefined {
  return timestamp === undefined ? undefined : timestampMs(timestamp);
}
