/** `<short>-v<n>-<5 hex>`, as in the ADR's `proc-v2-7f8d9`. */
export function versionId(shortName: string, ordinal: number, fingerprint: string): string {
  return `${shortName}-v${ordinal}-${fingerprint.slice(0, 5)}`;
}

/** `v2` of `proc-v2-7f8d9`: tells an agent's versions apart, since each is counted once. What is no such id stays as it is. */
export function shortVersion(id: string): string {
  return /-(v[1-9]\d*)-[0-9a-f]{5}$/.exec(id)?.[1] ?? id;
}
