import { setTimeout as delay } from "node:timers/promises";

export interface BatchBounds<Item> {
  readonly maxCount: number;
  readonly maxBytes: number;
  readonly sizeBytes: (item: Item) => number;
  /** An unfinished batch goes off when nothing came for so long. */
  readonly idleMs: number;
  /** Ends the batches; what was read goes off first. */
  readonly signal: AbortSignal;
}

/** Items in batches, none of them held for longer than `idleMs` after the source fell silent. */
export async function* batches<Item>(
  items: AsyncIterable<Item>,
  { maxCount, maxBytes, sizeBytes, idleMs, signal }: BatchBounds<Item>,
): AsyncGenerator<readonly Item[]> {
  let batch: Item[] = [];
  let bytes = 0;
  for await (const came of withSilences(items, idleMs, signal)) {
    const size = came.length === 0 ? 0 : sizeBytes(came[0]);
    const isSilent = came.length === 0;
    if (batch.length > 0 && (isSilent || bytes + size > maxBytes || batch.length >= maxCount)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(...came);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Each item as it comes, and `[]` when after one nothing came for `idleMs`. */
async function* withSilences<Item>(
  items: AsyncIterable<Item>,
  idleMs: number,
  signal: AbortSignal,
): AsyncGenerator<readonly [Item] | readonly []> {
  const source = items[Symbol.asyncIterator]();
  const end = Promise.withResolvers<undefined>();
  const onAbort = (): void => end.resolve(undefined);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    for (;;) {
      const next = source.next().then((result) => (result.done === true ? undefined : ([result.value] as const)));
      // Once aborted nobody waits for it.
      next.catch(() => undefined);
      const idle = new AbortController();
      const silence = delay(idleMs, [] as const, { signal: idle.signal }).catch(() => [] as const);
      let came = await Promise.race([next, end.promise, silence]);
      idle.abort();
      if (came !== undefined && came.length === 0) {
        yield came;
        came = await Promise.race([next, end.promise]);
      }
      if (came === undefined) return;
      yield came;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
