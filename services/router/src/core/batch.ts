/** Most messages in one request, and the work it should be worth: enough to share the way, little enough to stay quick. */
export const batchLimits = { maxMessages: 64, maxBytes: 256 * 1024, targetMs: 50 } as const;

/** Requests to a version go out so far apart, unless so many messages wait. */
const company = { forMs: 2, messages: 16 } as const;

/**
 * How long, ms, messages that could go out now wait for others to share a request with. Each request costs every process on the way a turn of
 * its own, so that one a message takes a processor several times over; who comes alone goes at once (in the manner of RFC 896 for segments).
 */
export function waitForCompanyMs(now: { waiting: number; sinceLastRequestMs: number }): number {
  const isEnough = now.waiting === 0 || now.waiting >= company.messages;
  return isEnough ? 0 : Math.max(0, company.forMs - now.sinceLastRequestMs);
}

/** How many messages to put into the next request, from what one has taken lately (ms). */
export function batchSize(messageMs: number): number {
  if (!(messageMs > 0)) return batchLimits.maxMessages;
  return Math.min(batchLimits.maxMessages, Math.max(1, Math.floor(batchLimits.targetMs / messageMs)));
}

/** A moving mean of the time a message takes, ms, that follows within a few batches. */
export function smoothed(meanMs: number, sampleMs: number): number {
  return meanMs === 0 ? sampleMs : meanMs * 0.8 + sampleMs * 0.2;
}

/** Takes from the front of `queue` what fits one request: at least one message, however large. */
export function takeBatch<Item>(queue: Item[], maxMessages: number, bytesOf: (item: Item) => number): Item[] {
  let bytes = 0;
  let count = 0;
  for (const item of queue) {
    bytes += bytesOf(item);
    if (count === maxMessages || (count > 0 && bytes > batchLimits.maxBytes)) break;
    count += 1;
  }
  return queue.splice(0, count);
}
