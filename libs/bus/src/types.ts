import type { StreamSpec } from "@caxton/contracts/stream-spec";

/** Header names are case-sensitive on NATS; only single values are used. */
export type Headers = Readonly<Record<string, string>>;

export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  /** Empty where the sender expects no answer. */
  readonly reply: string;
  respond(data: Uint8Array, headers?: Headers): void;
}

export interface Subscription {
  /** Resolves when the server knows of the subscription, so that what is published afterwards arrives. */
  readonly ready: Promise<void>;
  /** Stops delivery at once. */
  close(): void;
  /** Stops delivery of new messages; resolves when those received were handled. */
  drain(): Promise<void>;
}

export interface StoredMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Headers;
  readonly sequence: number;
  readonly storedAtMs: number;
}

export interface StoreOptions {
  readonly headers?: Headers;
  /** Nats-Msg-Id: refused as a duplicate inside the stream's duplicate window. */
  readonly messageId?: string;
  /** 0: only as the first message of its subject. */
  readonly expectLastSubjectSequence?: number;
  /** The whole stream's last sequence: makes a single writer exact. */
  readonly expectLastSequence?: number;
  readonly timeoutMs?: number;
  /** `bus-unavailable` at once while the server is away, instead of waiting for it: for what must not be stored late. */
  readonly failWhenAway?: boolean;
}

export interface StoreAck {
  readonly stream: string;
  readonly sequence: number;
  readonly duplicate: boolean;
}

export interface StreamInfo {
  readonly name: string;
  /** When this life of the stream began: its epoch. */
  readonly createdAtMs: number;
  readonly firstSequence: number;
  /** 0 when nothing was ever stored. */
  readonly lastSequence: number;
  readonly messages: number;
  readonly bytes: number;
  /** `limits`, `interest` or `workqueue`; ours are all `limits`. */
  readonly retention: string;
  readonly spec: StreamSpec;
}

export interface Delivery extends StoredMessage {
  /** 1 at the first delivery. */
  readonly deliveryCount: number;
  /** Resolves when the server confirmed the ack, false when it could not be confirmed (the message will come again). */
  ack(): Promise<boolean>;
  /** The same without waiting for the server's word: half the cost, for who does not mind that the message may come again. */
  ackUnconfirmed(): void;
  /** Give it back; it is redelivered after `delayMs`. */
  nak(delayMs?: number): void;
  /** Restarts the ack wait: still being worked on. */
  working(): void;
}

export interface ConsumerSpec {
  readonly stream: string;
  readonly durable: string;
  readonly ackWaitMs: number;
  /** Most deliveries that may be unacknowledged over all who share the consumer. */
  readonly maxAckPending: number;
  readonly filterSubject?: string;
}

export interface ConsumerInfo {
  /** Everything at or below this stream sequence is acknowledged. */
  readonly ackFloor: number;
  /** Delivered, not yet acknowledged. */
  readonly ackPending: number;
  /** Not yet delivered. */
  readonly pending: number;
}

export interface NamedConsumer extends ConsumerInfo {
  readonly name: string;
  readonly durable: boolean;
}

export interface PullConsumer {
  /**
   * Up to `maxMessages` as they arrive; ends after `expiresMs` or when all came. What arrived and was not taken by the loop is
   * given back at once. @throws CaxtonError `bus-unavailable` when the server, the stream or the consumer is gone
   */
  fetch(options: { readonly maxMessages: number; readonly expiresMs: number }): AsyncIterable<Delivery>;
  info(): Promise<ConsumerInfo>;
}

export interface FollowOptions {
  /** First stream sequence wanted; 1 unless given. */
  readonly fromSequence?: number;
  readonly filterSubject?: string;
  /** Messages come without their bodies. */
  readonly headersOnly?: boolean;
  /**
   * What is stored within so long, ms, after a message that was waited for comes with the next ones in one piece: a turn for every message of
   * thousands a second costs server and reader more than the message does. One that comes alone comes at once. 0 unless given.
   */
  readonly gatherMs?: number;
  /** Only the life of the stream that began then (`StreamInfo.createdAtMs`): `stream-not-found` when it was made again. */
  readonly epochMs?: number;
  readonly signal?: AbortSignal;
  /** Called once, when what was stored at the time of the call has been yielded and the consumer asks for more. */
  readonly onCaughtUp?: () => void;
}

/** The streams of JetStream. */
export interface Streams {
  /**
   * Creates the stream or brings it to this spec, as far as the server keeps its limits (`StreamSpec.maxBytes`); reads it back
   * and throws `internal` where the server silently ignored a setting. A limit below what is there makes the server drop the oldest.
   */
  ensure(spec: StreamSpec): Promise<StreamInfo>;
  /** undefined where there is no such stream. */
  info(name: string): Promise<StreamInfo | undefined>;
  names(subjectFilter?: string): Promise<readonly string[]>;
  get(name: string, sequence: number): Promise<StoredMessage | undefined>;
  last(name: string, subject: string): Promise<StoredMessage | undefined>;
  /**
   * All of it, or what lies below a sequence; with `epochMs` only in the life of the stream that began then, which is looked
   * at in the moment before, also where this process stood still. @throws CaxtonError `stream-not-found`
   */
  purge(name: string, options?: { readonly belowSequence?: number; readonly epochMs?: number }): Promise<void>;
  /** Takes single messages out. @returns how many were there */
  remove(name: string, sequences: readonly number[]): Promise<number>;
  delete(name: string): Promise<void>;
  /** A durable pull consumer, created or brought to this spec; `max_deliver` is -1. */
  consumer(spec: ConsumerSpec): Promise<PullConsumer>;
  /** Those there are, changing nothing. @throws CaxtonError `stream-not-found` */
  consumers(name: string): Promise<readonly NamedConsumer[]>;
  /**
   * Reads a stream in order and goes on for ever, without gap or repeat, also after the server was killed and started
   * again or the stream was away; a stream made anew under the same name is followed from its first message. Ends when
   * `signal` aborts or the bus is closed. @throws CaxtonError `stream-not-found` only if it was not there at the start
   */
  follow(name: string, options?: FollowOptions): AsyncIterable<StoredMessage>;
  /**
   * The same up to what was stored at the time of the call, then ends. Ends early only when `signal` aborts.
   * @throws CaxtonError `stream-not-found`, also when it was made anew meanwhile; `bus-unavailable` when the bus is closed
   */
  read(name: string, options?: FollowOptions): AsyncIterable<StoredMessage>;
}

export interface KvEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
}

export type KvChange =
  | { readonly type: "put"; readonly entry: KvEntry }
  | { readonly type: "delete"; readonly key: string };

export interface KvBucket {
  get(key: string): Promise<KvEntry | undefined>;
  /** @throws CaxtonError `wrong-sequence` if the key exists. @returns its revision */
  create(key: string, value: Uint8Array): Promise<number>;
  /** Compare-and-set. @throws CaxtonError `wrong-sequence` */
  update(key: string, value: Uint8Array, revision: number): Promise<number>;
  put(key: string, value: Uint8Array): Promise<number>;
  /** Only if it is at `revision`, where that is given. @throws CaxtonError `wrong-sequence` */
  delete(key: string, revision?: number): Promise<void>;
  keys(filter?: string): Promise<readonly string[]>;
  /** What is there now under keys that match, in one reading. */
  entries(filter?: string): Promise<readonly KvEntry[]>;
  /** Leaves nothing of a key, not even that it was deleted; for keys that never come again, and that nobody watches. */
  forget(key: string): Promise<void>;
  /**
   * Takes away what is left of keys that were deleted more than `olderThanMs` ago: a marker each, which whoever watches needed
   * to hear of it, and which would stay for ever. @returns how many
   */
  forgetDeleted(filter: string, olderThanMs: number): Promise<number>;
  /**
   * First what is there now, then every change, for ever, also across server restarts. `onCurrent` is called once when all
   * that was there has been yielded. An entry that expires by the bucket's TTL is not announced (server 2.9).
   */
  watch(options?: {
    readonly key?: string;
    readonly signal?: AbortSignal;
    readonly onCurrent?: () => void;
  }): AsyncIterable<KvChange>;
}

export interface StoredObject {
  readonly name: string;
  readonly sizeBytes: number;
  readonly storedAtMs: number;
}

export interface ObjectBucket {
  /** Those there are, the one that was stored first before the others. */
  list(): Promise<readonly StoredObject[]>;
  has(name: string): Promise<boolean>;
  sizeBytes(name: string): Promise<number | undefined>;
  /** Nothing is visible under the name until the whole stream went in; if the stream fails, nothing stays. */
  put(name: string, content: ReadableStream<Uint8Array>): Promise<void>;
  /** undefined where there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
  delete(name: string): Promise<void>;
}

/** What the server says about itself and this account. */
export interface ServerReport {
  readonly name: string;
  readonly version: string;
  readonly maxPayloadBytes: number;
  readonly roundTripMs: number;
  /** The server's clock ahead of ours; absent where it could not be asked. */
  readonly clockOffsetMs?: number;
  /** -1: no limit of the account's own. */
  readonly account?: {
    readonly storageBytes: number;
    readonly storageMaxBytes: number;
    readonly memoryBytes: number;
    readonly memoryMaxBytes: number;
    readonly streams: number;
    readonly consumers: number;
    readonly domain?: string;
  };
  /** Why there is no account. */
  readonly jetStreamProblem?: string;
}

export type BusStatus = "connected" | "disconnected" | "closed";

/** One connection to NATS: everything the services do with it, and nothing else of the client is seen above. */
export interface Bus {
  readonly streams: Streams;
  readonly status: BusStatus;
  /** Most bytes the server takes in one message. */
  readonly maxPayloadBytes: number;
  onStatus(listener: (status: BusStatus) => void): () => void;
  /** At most once: lost where nobody listens or the server is away. @throws CaxtonError `message-too-large`, `invalid-argument` */
  publish(subject: string, data: Uint8Array, headers?: Headers): void;
  /** @throws CaxtonError `no-instance` (nobody listens), `timeout`, `bus-unavailable`, `cancelled` */
  request(
    subject: string,
    data: Uint8Array,
    options: {
      readonly timeoutMs: number;
      readonly headers?: Headers;
      readonly signal?: AbortSignal;
    },
  ): Promise<BusMessage>;
  /** A throw or rejection in `handler` is given to `onError` and the next message is handled all the same. */
  subscribe(
    subject: string,
    handler: (message: BusMessage) => void | Promise<void>,
    options?: { readonly queue?: string; readonly onError?: (error: unknown) => void },
  ): Subscription;
  /** Publishes into a stream and waits for the server's word that it is written.
   * @throws CaxtonError `wrong-sequence` (an expectation failed), `inbox-full` (discard: new), `message-too-large`, `unknown-agent` (no stream takes the subject), `timeout`, `bus-unavailable` */
  store(subject: string, data: Uint8Array, options?: StoreOptions): Promise<StoreAck>;
  kv(bucket: string, options?: { readonly ttlMs?: number; readonly history?: number }): Promise<KvBucket>;
  objects(bucket: string): Promise<ObjectBucket>;
  server(): Promise<ServerReport>;
  /** Waits until everything sent so far has reached the server. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
