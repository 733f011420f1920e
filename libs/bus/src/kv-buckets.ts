import type { Connection } from "./connection.ts";
import { type KvOptions, openKvBucket } from "./kv.ts";
import type { KvBucket, Streams } from "./types.ts";

/** A bucket that was there so long ago is looked for again, beside what it is used for. */
const lookAgainAfterMs = 10_000;

interface Known {
  bucket: Promise<KvBucket>;
  sinceMs: number;
}

/** The buckets that a connection has opened, so that using one does not begin with asking whether it is there. */
export class KvBuckets {
  readonly #connection: Connection;
  readonly #streams: Streams;
  readonly #known = new Map<string, Known>();

  constructor(connection: Connection, streams: Streams) {
    this.#connection = connection;
    this.#streams = streams;
  }

  /** Makes the bucket where it is not there; one that was deleted meanwhile is made again a little later. */
  open(name: string, options: KvOptions = {}): Promise<KvBucket> {
    const key = `${name} ${options.ttlMs ?? 0} ${options.history ?? 1}`;
    const known = this.#known.get(key);
    if (known === undefined) return this.#first(key, name, options);
    if (performance.now() - known.sinceMs > lookAgainAfterMs) this.#again(known, name, options);
    return known.bucket;
  }

  #first(key: string, name: string, options: KvOptions): Promise<KvBucket> {
    const bucket = this.#look(name, options);
    const known = { bucket, sinceMs: performance.now() };
    this.#known.set(key, known);
    // What could not be opened is looked for by whoever asks next.
    bucket.catch(() => {
      if (this.#known.get(key) === known) this.#known.delete(key);
    });
    return bucket;
  }

  /** Nobody waits for it: what is known is used until it is there. */
  #again(known: Known, name: string, options: KvOptions): void {
    known.sinceMs = performance.now();
    const found = this.#look(name, options);
    found.then(
      () => (known.bucket = found),
      () => (known.sinceMs = -Infinity),
    );
  }

  #look(name: string, options: KvOptions): Promise<KvBucket> {
    return openKvBucket(this.#connection, this.#streams, name, options);
  }
}
