/** Most messages in one request, and the work it should be worth: enough to share the way, little enough to stay quick. */
export const batchLimits = { maxMessages: 64, maxBytes: 256 * 1024, targetMs: 50 } as const;

/** Requests to a version go out `whollyBusyMs` × the processors' busy share apart, at most so far, unless so many messages wait. */
const company = { whollyBusyMs: 3, mostMs: 2.5, messages: 16 } as const;

/**
 * How long, ms, messages that could go out now wait for others to share a request with. Each request costs every process on the way a turn of
 * its own, so that one a message takes a processor several times over: nothing to wait for while they are idle, and time for everybody where they
 * are busy. Who comes alone goes at once (in the manner of RFC 896 for segments).
 */
export function waitForCompanyMs(now: { waiting: number; sinceLastRequestMs: number; busyShare: number }): number {
  const isEnough = now.waiting === 0 || now.waiting >= company.messages;
  const apartMs = Math.min(company.mostMs, company.whollyBusyMs * now.busyShare);
  return isEnough ? 0 : Math.max(0, apartMs - now.sinceLastRequestMs);
}

/** The share (0–1) of the time between two looks that processors were busy; 0 where no time went by. */
export function busyShare(before: ProcessorTimes, now: ProcessorTimes): number {
  const busyMs = now.busyMs - before.busyMs;
  const inAllMs = busyMs + now.freeMs - before.freeMs;
  return inAllMs > 0 ? Math.min(1, Math.max(0, busyMs / inAllMs)) : 0;
}

/** Sums over all processors since the machine started. */
export interface ProcessorTimes {
  readonly busyMs: number;
  readonly freeMs: number;
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
