import { createHash } from "node:crypto";
import type { Limits } from "@caxton/deployment/state";

/** JSON with object keys sorted, so that equal values have equal text (RFC 8785 for what JSON.parse can return). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isPlainObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/** What makes two versions the same: sha256 in hex over artifact, configuration and limits (DESIGN.md, Words). */
export function fingerprint(digest: string, configuration: unknown, limits: Limits): string {
  return createHash("sha256").update(canonicalJson([digest, configuration, limits])).digest("hex");
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
