/** `<short>-v<n>-<5 hex>`, as in the ADR's `proc-v2-7f8d9`. */
export function versionId(shortName: string, ordinal: number, fingerprint: string): string {
  return `${shortName}-v${ordinal}-${fingerprint.slice(0, 5)}`;
}
