import { createHash } from "node:crypto";
import type { Limits } from "@caxton/deployment/state";

/**
 * JSON text in which object keys are sorted by UTF-16 units, so that equal values have equal text (RFC 8785). For what
 * JSON.parse can return; fields that are undefined are left out.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isPlainObject(value)) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  const sorted = fields.toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${sorted.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(",")}}`;
}

/** What makes two versions the same: sha256 in hex over artifact, configuration and limits (DESIGN.md, Words). */
export function fingerprint(digest: string, configuration: unknown, limits: Limits): string {
  return createHash("sha256")
    .update(canonicalJson([digest, configuration, limits]))
    .digest("hex");
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
