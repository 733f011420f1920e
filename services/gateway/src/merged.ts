/**
 * What several sources say, in the order it comes. A source is asked for more once what it said was taken, so that nothing
 * heaps up here. Ends when every source has ended; the first that fails fails it.
 */
export async function* merged<Item>(...sources: readonly AsyncIterable<Item>[]): AsyncGenerator<Item> {
  const waiting: { readonly item: Item; readonly taken: () => void }[] = [];
  let wake = (): void => undefined;
  let running = sources.length;
  let failure: { readonly error: unknown } | undefined;
  let left = false;

  async function pump(source: AsyncIterable<Item>): Promise<void> {
    try {
      for await (const item of source) {
        if (left) return;
        await new Promise<void>((resolve) => {
          waiting.push({ item, taken: resolve });
          wake();
        });
      }
    } catch (error) {
      failure ??= { error };
    } finally {
      running -= 1;
      wake();
    }
  }

  const pumps = sources.map(pump);
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) {
        yield next.item;
        next.taken();
        continue;
      }
      if (failure !== undefined) throw failure.error;
      if (running === 0) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (waiting.length > 0 || running === 0 || failure !== undefined) resolve();
      });
    }
    await Promise.all(pumps);
  } finally {
    left = true;
    for (const { taken } of waiting) taken();
  }
}
