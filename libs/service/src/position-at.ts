import type { Streams } from "@caxton/bus/types";

/** The first sequence of a stream that was stored at or after an instant (Unix ms), found by halving; 1 where there is no stream. */
export async function positionAt(streams: Streams, name: string, atMs: number): Promise<number> {
  const info = await streams.info(name);
  if (info === undefined) return 1;
  let low = Math.max(1, info.firstSequence);
  let high = info.lastSequence + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const stored = await streams.get(name, middle);
    // What is missing was removed, so it is old.
    if (stored === undefined || stored.storedAtMs < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
