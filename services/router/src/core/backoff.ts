/** The next of doubling delays between two bounds, in ms. `previousMs` is 0 at first. */
export function nextDelayMs(previousMs: number, bounds: { readonly minMs: number; readonly maxMs: number }): number {
  return Math.min(bounds.maxMs, Math.max(bounds.minMs, previousMs * 2));
}
