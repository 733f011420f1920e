import { setTimeout as delay } from "node:timers/promises";
import { isPassing, Patience } from "./patience.ts";

/**
 * What a stream of the gateway's holds and what comes later, across broken connections: it is opened again after the last
 * position that was seen. Of a batch of one position that was cut in the middle the rest is not shown. Ends when `signal` aborts.
 * @throws CaxtonError what the gateway says, or `gateway-unavailable` once it was away for a minute
 */
export async function* followFrom<Entry extends { readonly position: number }>(
  open: (after: { readonly afterPosition?: number }) => AsyncIterable<Entry>,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  const patience = new Patience();
  let position = 0;
  // Only a gateway that has answered once is worth waiting for.
  let answered = false;
  while (!signal.aborted) {
    try {
      for await (const entry of open(position === 0 ? {} : { afterPosition: position })) {
        patience.renew();
        answered = true;
        position = Math.max(position, entry.position);
        yield entry;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error) || !answered || patience.isOver()) throw error;
    }
    await delay(patience.pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
