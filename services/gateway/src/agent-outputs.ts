import type { Bus, StoredMessage, StreamInfo } from "@caxton/bus/types";
import { outboxStream, outboxSubject } from "@caxton/contracts/subjects";
import { followStream } from "@caxton/service/follow-stream";

export interface OutputRange {
  readonly agent: string;
  readonly kind?: string;
  /** Most of those stored already. */
  readonly limit: number;
  readonly follow: boolean;
  /** Stored after this position; nothing of `limit` is left out then. */
  readonly afterPosition?: number;
}

/** How far back from the end of an outbox the newest of a kind are looked for at first. */
const lookBack = 1_000;

/** What is in an agent's outbox: the newest that are stored, in order, then what comes where that is wanted, until `signal` aborts. */
export async function* readOutputs(bus: Bus, range: OutputRange, signal: AbortSignal): AsyncGenerator<StoredMessage> {
  const { agent, kind, limit, follow, afterPosition } = range;
  const stream = outboxStream(agent);
  const filter = kind === undefined ? {} : { filterSubject: outboxSubject(agent, kind) };
  const info = await bus.streams.info(stream);
  const end = info?.lastSequence ?? 0;
  const begin =
    afterPosition !== undefined
      ? afterPosition + 1
      : info === undefined
        ? 1
        : await newestFrom(bus, info, limit, filter, signal);
  if (follow) {
    yield* followStream(bus.streams, stream, { fromSequence: begin, ...filter, signal });
    return;
  }
  if (begin > end) return;
  for await (const message of bus.streams.read(stream, { fromSequence: begin, ...filter, signal })) {
    if (message.sequence > end) return;
    yield message;
  }
}

/** Where the newest `limit` begin. An outbox may hold millions: it is looked at from its end, and without bodies. */
async function newestFrom(
  bus: Bus,
  { name, firstSequence, lastSequence }: StreamInfo,
  limit: number,
  filter: { readonly filterSubject?: string },
  signal: AbortSignal,
): Promise<number> {
  if (limit === 0) return lastSequence + 1;
  if (filter.filterSubject === undefined) return Math.max(firstSequence, lastSequence - limit + 1);
  for (let back = Math.max(limit, lookBack); ; back *= 8) {
    const fromSequence = Math.max(firstSequence, lastSequence - back + 1);
    const found: number[] = [];
    for await (const { sequence } of bus.streams.read(name, { ...filter, fromSequence, headersOnly: true, signal })) {
      if (sequence <= lastSequence) found.push(sequence);
    }
    if (found.length >= limit || fromSequence <= firstSequence) return found.at(-limit) ?? found[0] ?? lastSequence + 1;
  }
}
