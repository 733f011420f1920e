import type { Bus, KvBucket, Streams } from "@caxton/bus/types";
import { checkpointBucket, leaseBucket } from "@caxton/contracts/subjects";
import type { EventStore } from "@caxton/event-store/port";

/** Dies at its nth write: before it reached the world, or after it did and before anybody here heard of it. */
export interface Death {
  /** Counts from 0; never where there are fewer writes. */
  readonly atWrite: number;
  readonly when: "before" | "after";
}

export interface Mortal {
  readonly bus: Bus;
  readonly eventStore: EventStore;
  /** What was written so far, by name. */
  readonly writes: readonly string[];
  /** Resolves when it has died. */
  readonly died: Promise<void>;
}

const never = new Promise<never>(() => undefined);
/** Written again and again by the clock, so that they are no place in a story. */
const byTheClock: readonly string[] = [leaseBucket, checkpointBucket];

/**
 * The world as a process sees it that is killed between two lines: from its death on nothing it does arrives, and nothing it
 * waits for comes. What it had begun is left as it was.
 */
export function mortal(bus: Bus, eventStore: EventStore, death: Death): Mortal {
  const writes: string[] = [];
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  let isAlive = true;

  function end(): Promise<never> {
    isAlive = false;
    die();
    return never;
  }

  async function write<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
    if (!isAlive) return never;
    const isLast = writes.push(name) - 1 === death.atWrite;
    if (isLast && death.when === "before") return end();
    const result = await act();
    return isLast ? end() : alive(result);
  }

  async function look<Result>(act: () => Promise<Result>): Promise<Result> {
    return isAlive ? alive(await act()) : never;
  }

  function alive<Result>(result: Result): Result | Promise<never> {
    return isAlive ? result : never;
  }

  async function* hear<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
    for await (const item of items) yield await alive(item);
  }

  function kvOf(name: string, bucket: KvBucket): KvBucket {
    const put = <Result>(verb: string, act: () => Promise<Result>): Promise<Result> =>
      byTheClock.includes(name) ? look(act) : write(`${verb} ${name}`, act);
    return {
      get: (key) => look(() => bucket.get(key)),
      create: (key, value) => put("create", () => bucket.create(key, value)),
      update: (key, value, revision) => put("update", () => bucket.update(key, value, revision)),
      put: (key, value) => put("put", () => bucket.put(key, value)),
      delete: (key, revision) => put("delete", () => bucket.delete(key, revision)),
      keys: (filter) => look(() => bucket.keys(filter)),
      entries: (filter) => look(() => bucket.entries(filter)),
      forget: (key) => put("forget", () => bucket.forget(key)),
      forgetDeleted: (filter, olderThanMs) => put("forget deleted", () => bucket.forgetDeleted(filter, olderThanMs)),
      watch: (options) => hear(bucket.watch(options)),
    };
  }

  const { streams } = bus;
  const mortalStreams: Streams = {
    ensure: (spec) => look(() => streams.ensure(spec)),
    info: (name) => look(() => streams.info(name)),
    names: (filter) => look(() => streams.names(filter)),
    get: (name, sequence) => look(() => streams.get(name, sequence)),
    last: (name, subject) => look(() => streams.last(name, subject)),
    purge: (name, options) => look(() => streams.purge(name, options)),
    remove: (name, sequences) => look(() => streams.remove(name, sequences)),
    delete: (name) => look(() => streams.delete(name)),
    async consumer(spec) {
      const consumer = await look(() => streams.consumer(spec));
      return { info: () => look(() => consumer.info()), fetch: (options) => hear(consumer.fetch(options)) };
    },
    consumers: (name) => look(() => streams.consumers(name)),
    follow: (name, options) => hear(streams.follow(name, options)),
    read: (name, options) => hear(streams.read(name, options)),
  };

  const mortalBus: Bus = {
    streams: mortalStreams,
    get status() {
      return bus.status;
    },
    maxPayloadBytes: bus.maxPayloadBytes,
    onStatus: (listener) => bus.onStatus(listener),
    publish(subject, data, headers) {
      if (isAlive) bus.publish(subject, data, headers);
    },
    request: (subject, data, options) => write(`ask ${subject}`, () => bus.request(subject, data, options)),
    subscribe: (subject, handler, options) =>
      bus.subscribe(subject, (message) => (isAlive ? handler(message) : undefined), options),
    store: (subject, data, options) => write(`store ${subject}`, () => bus.store(subject, data, options)),
    kv: async (name, options) => kvOf(name, await look(() => bus.kv(name, options))),
    objects: (name) => look(() => bus.objects(name)),
    server: () => look(() => bus.server()),
    flush: () => look(() => bus.flush()),
    close: () => bus.close(),
  };
  const mortalStore: EventStore = {
    append(stream, expected, events) {
      const what = events.map(({ type }) => type).join(", ");
      return write(`append ${what}`, () => eventStore.append(stream, expected, events));
    },
    read: (stream, options) => hear(eventStore.read(stream, options)),
    subscribe: (options) => hear(eventStore.subscribe(options)),
    close: () => eventStore.close(),
  };
  return { bus: mortalBus, eventStore: mortalStore, writes, died };
}
