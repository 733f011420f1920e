import type { EventMetadata } from "@caxton/contracts/event-envelope";

/** A fact to be stored. `id` is a UUID chosen once: retrying with the same ids and the same expected revision is safe. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

/**
 * A stored fact. Revisions count events of one stream from 0, one after the other unless somebody else writes to that stream
 * too, whose events are not seen; `position` is opaque and orders all streams of one store.
 */
export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly recordedAtMs: number;
}

/** `no-stream`, or the revision of the stream's last event. */
export type ExpectedRevision = "no-stream" | number;

export interface ReadOptions {
  /** First revision to return; 0 unless given. */
  readonly fromRevision?: number;
  readonly maxCount?: number;
  readonly signal?: AbortSignal;
}

export interface SubscribeOptions {
  /** Deliver what lies after this position; everything unless given. */
  readonly afterPosition?: string;
  readonly signal?: AbortSignal;
  /** Called once, when everything that was stored at the time of subscribing has been yielded and the consumer asks for more. */
  readonly onCaughtUp?: () => void;
}

/**
 * The three operations everything above is built on (DESIGN.md, Event store).
 */
export interface EventStore {
  /**
   * Appends all or nothing. Retrying the same events with the same expected revision returns the original result.
   * @returns the revision of the last event appended
   * @throws CaxtonError `wrong-revision`, `invalid-argument` (no events, an id twice), `invalid-stream-name`, `append-too-large`, `stream-not-found` (deleted for good), `store-unavailable` (outcome unknown: retry)
   */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<{ readonly revision: number }>;
  /** @throws CaxtonError `stream-not-found`, `invalid-stream-name`, `store-unavailable`, `cancelled` */
  read(stream: string, options?: ReadOptions): AsyncIterable<RecordedEvent>;
  /** All streams in store order, without end; resumes by itself after the store was away, without gap or repeat. Ends when `signal` aborts. */
  subscribe(options?: SubscribeOptions): AsyncIterable<RecordedEvent>;
  close(): Promise<void>;
}
