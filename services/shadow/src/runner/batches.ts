import { setTimeout as delay } from "node:timers/promises";

export interface BatchLimits {
  readonly max: number;
  /** How long a batch that has begun waits for more. */
  readonly waitMs: number;
}

/** Items as they come, many at once where many are there; a batch is empty where nothing came for `idleMs`. */
export async function* batches<Item>(
  items: AsyncIterable<Item>,
  { max, waitMs, idleMs }: BatchLimits & { readonly idleMs: number },
): AsyncGenerator<readonly Item[], void> {
  const iterator = items[Symbol.asyncIterator]();
  let coming: Promise<IteratorResult<Item>> | undefined;
  try {
    for (;;) {
      const batch: Item[] = [];
      const over = new AbortController();
      const late = (ms: number) => delay(ms, "late" as const, { signal: over.signal }).catch(() => "late" as const);
      let limit = late(idleMs);
      let ended = false;
      while (batch.length < max) {
        coming ??= iterator.next();
        const next = await Promise.race([coming, limit]);
        if (next === "late") break;
        coming = undefined;
        if (next.done === true) {
          ended = true;
          break;
        }
        if (batch.length === 0) limit = late(waitMs);
        batch.push(next.value);
      }
      over.abort();
      if (batch.length > 0 || !ended) yield batch;
      if (ended) return;
    }
  } finally {
    coming?.catch(() => undefined);
    await iterator.return?.();
  }
}
