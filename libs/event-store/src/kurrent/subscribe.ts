import { CaxtonError } from "@caxton/contracts/errors";
import { type AllStreamSubscription, type Position, START, streamNameFilter } from "@kurrent/kurrentdb-client";
import { setTimeout as delay } from "node:timers/promises";
import type { RecordedEvent, SubscribeOptions } from "../port.ts";
import type { Lease } from "./connection.ts";
import { isAway, toStoreError } from "./errors.ts";
import { Feed, Quiet } from "./feed.ts";
import { isAfter, parsePlace, type Place } from "./position.ts";
import type { Reading } from "./read.ts";
import { fromServerEvent } from "./record.ts";

const firstPauseMs = 100;
const longestPauseMs = 1_000;

/**
 * All streams of ours in store order, without end. The client's subscription ends with its first error and never comes
 * back, so it is made again after the position of the last event that was processed, and what comes twice is dropped. It is
 * made again too when nothing came for a while: nobody tells it that its connection is dead or its server frozen.
 */
export async function* subscribeAll(reading: Reading, options: SubscribeOptions): AsyncGenerator<RecordedEvent, void> {
  const resume = new Resume(options.afterPosition === undefined ? undefined : parsePlace(options.afterPosition));
  const signal = options.signal === undefined ? reading.closed : AbortSignal.any([options.signal, reading.closed]);
  let isCaughtUp = false;
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    using lease = reading.connection.lease();
    try {
      await using feed = new Feed(subscription(lease, resume.after));
      for (;;) {
        if (feed.isCaughtUp) {
          resume.requireFound();
          lease.answered();
          pauseMs = firstPauseMs;
          if (!isCaughtUp) options.onCaughtUp?.();
          isCaughtUp = true;
        }
        const wantsMore = feed.isCaughtUp;
        const silenceMaxMs = wantsMore ? reading.quietMaxMs : reading.answerTimeoutMs;
        const next = await feed.next({ signal, silenceMaxMs, wantsMore });
        if (signal.aborted) return;
        if (next === undefined) continue;
        lease.answered();
        pauseMs = firstPauseMs;
        const place = next.event?.position;
        if (next.event === undefined || place === undefined) continue;
        const event = fromServerEvent(next.event);
        if (resume.isNew(place, next.event.streamId, next.event.revision) && event !== undefined) yield event;
        if (signal.aborted) return;
        resume.processed(place);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Quiet) continue;
      lease.failed(error);
      if (!isAway(error)) throw toStoreError(error, reading.where);
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

function subscription({ client }: Lease, after: Position | undefined): AllStreamSubscription {
  // System streams begin with '$'.
  const filter = streamNameFilter({ regex: "^[^$].*" });
  return client.subscribeToAll({ fromPosition: after ?? START, filter });
}

/** Where to go on, and which events were had already. */
export class Resume {
  #after: Position | undefined;
  #until: { readonly stream: string; readonly revision: bigint } | undefined;

  constructor(place: Place | undefined) {
    if (place === undefined) return;
    if ("all" in place) this.#after = place.all;
    else this.#until = place;
  }

  /** Only ever the position of an event: the server refuses, or repeats after, one that was made up. */
  get after(): Position | undefined {
    return this.#after;
  }

  /** @throws CaxtonError `invalid-argument` where all was seen but not the event to go on after */
  requireFound(): void {
    if (this.#until === undefined) return;
    const { stream, revision } = this.#until;
    throw new CaxtonError("invalid-argument", `position ${stream}@${revision} is not in this store; start without one`);
  }

  isNew(position: Position, stream: string, revision: bigint): boolean {
    if (this.#until !== undefined) {
      if (this.#until.stream === stream && this.#until.revision === revision) this.#until = undefined;
      return false;
    }
    return this.#after === undefined || isAfter(position, this.#after);
  }

  processed(position: Position): void {
    if (this.#after === undefined || isAfter(position, this.#after)) this.#after = position;
  }
}
