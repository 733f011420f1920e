import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { Connection } from "./connection.ts";
import { followStream } from "./follow.ts";
import { storeMessage } from "./store.ts";
import type {
  KvBucket,
  KvChange,
  KvEntry,
  StoreAck,
  StoredMessage,
  StoreOptions,
  StreamInfo,
  Streams,
} from "./types.ts";

const empty = new Uint8Array();
const keyPattern = /^[-/_=A-Za-z0-9]+(\.[-/_=A-Za-z0-9]+)*$/;

export interface KvOptions {
  readonly ttlMs?: number;
  readonly history?: number;
}

/**
 * A bucket in the layout that every NATS client knows (ADR-8: stream `KV_<bucket>`, subjects `$KV.<bucket>.<key>`), made by
 * the client; reads and writes go the way of all our streams, so that they share its errors, its waiting and its resuming.
 */
export async function openKvBucket(
  connection: Connection,
  streams: Streams,
  bucket: string,
  options: KvOptions = {},
): Promise<KvBucket> {
  const { ttlMs = 0, history = 1 } = options;
  const stream = `KV_${bucket}`;
  const create = async (): Promise<StreamInfo | undefined> => {
    const settings = { history, ...(ttlMs > 0 ? { ttl: ttlMs } : {}) };
    const call = { operation: "api", target: stream, timeoutMs: connection.apiTimeoutMs } as const;
    await connection.call(() => new Kvm(jetstream(connection.nc)).create(bucket, settings), call);
    return await streams.info(stream);
  };
  // Asked first: the client asks four times before it knows that a bucket is there.
  const info = (await streams.info(stream)) ?? (await create());
  if ((info?.spec.maxAgeMs ?? 0) !== ttlMs) {
    throw new CaxtonError(
      "internal",
      `bucket ${bucket} has a ttl of ${info?.spec.maxAgeMs ?? 0} ms where ${ttlMs} was asked for`,
    );
  }
  const prefix = `$KV.${bucket}.`;

  const write = async (key: string, value: Uint8Array, expectLastSubjectSequence?: number): Promise<number> => {
    const expectation = expectLastSubjectSequence === undefined ? {} : { expectLastSubjectSequence };
    return (await put(key, value, expectation)).sequence;
  };
  const put = async (key: string, value: Uint8Array, how: StoreOptions): Promise<StoreAck> => {
    try {
      return await storeMessage(connection, prefix + requireKey(key), value, how);
    } catch (error) {
      if (!hasCode(error, "unknown-agent")) throw error;
      throw new CaxtonError("stream-not-found", `the bucket ${bucket} was deleted`, { cause: error });
    }
  };
  const toEntry = (message: StoredMessage): KvEntry => ({
    key: message.subject.slice(prefix.length),
    value: message.data,
    revision: message.sequence,
  });
  const infoOf = (name: string): Promise<StreamInfo | undefined> => streams.info(name);

  return {
    async get(key) {
      const last = await streams.last(stream, prefix + requireKey(key));
      return last === undefined || isDeleted(last) ? undefined : toEntry(last);
    },
    async create(key, value) {
      try {
        return await write(key, value, 0);
      } catch (error) {
        if (!hasCode(error, "wrong-sequence")) throw error;
        const last = await streams.last(stream, prefix + key);
        if (last === undefined || !isDeleted(last)) throw error;
        return await write(key, value, last.sequence);
      }
    },
    update: (key, value, revision) => write(key, value, revision),
    put: (key, value) => write(key, value),
    async delete(key, revision) {
      const expectation = revision === undefined ? {} : { expectLastSubjectSequence: revision };
      await put(key, empty, { headers: { "KV-Operation": "DEL" }, ...expectation });
    },
    async forget(key) {
      const filter = prefix + requireKey(key);
      await connection.api(stream, (manager) => manager.streams.purge(stream, { filter }));
    },
    async forgetDeleted(filter, olderThanMs) {
      const filterSubject = prefix + requireFilter(filter);
      const newest = { stream, filterSubject, mode: "read", lastPerSubject: true, headersOnly: true } as const;
      const deletedBeforeMs = Date.now() - olderThanMs;
      let forgotten = 0;
      for await (const message of followStream(connection, infoOf, newest)) {
        if (!isDeleted(message) || message.storedAtMs >= deletedBeforeMs) continue;
        // What was written since then stays.
        const marker = { filter: message.subject, seq: message.sequence + 1 };
        await connection.api(stream, (manager) => manager.streams.purge(stream, marker));
        forgotten += 1;
      }
      return forgotten;
    },
    async keys(filter = ">") {
      const keys = new Set<string>();
      const filterSubject = prefix + requireFilter(filter);
      const newest = { stream, filterSubject, mode: "read", lastPerSubject: true, headersOnly: true } as const;
      for await (const message of followStream(connection, infoOf, newest)) {
        const key = message.subject.slice(prefix.length);
        if (isDeleted(message)) keys.delete(key);
        else keys.add(key);
      }
      return [...keys].toSorted();
    },
    async entries(filter = ">") {
      const entries = new Map<string, KvEntry>();
      const filterSubject = prefix + requireFilter(filter);
      const newest = { stream, filterSubject, mode: "read", lastPerSubject: true } as const;
      for await (const message of followStream(connection, infoOf, newest)) {
        const entry = toEntry(message);
        if (isDeleted(message)) entries.delete(entry.key);
        else entries.set(entry.key, entry);
      }
      return [...entries.values()];
    },
    async *watch(watch = {}): AsyncGenerator<KvChange, void> {
      const { key = ">", signal, onCurrent } = watch;
      let isCurrent = false;
      // Said before the watch was current; what was deleted before anybody heard of it is no news.
      const early = new Set<string>();
      const changes = followStream(connection, infoOf, {
        stream,
        filterSubject: prefix + requireFilter(key),
        mode: "follow",
        lastPerSubject: true,
        ...(signal === undefined ? {} : { signal }),
        onCaughtUp() {
          isCurrent = true;
          early.clear();
          onCurrent?.();
        },
      });
      for await (const message of changes) {
        const changed = message.subject.slice(prefix.length);
        if (!isDeleted(message)) {
          if (!isCurrent) early.add(changed);
          yield { type: "put", entry: toEntry(message) };
        } else if (isCurrent || early.has(changed)) {
          yield { type: "delete", key: changed };
        }
      }
    },
  };
}

function isDeleted(message: StoredMessage): boolean {
  const operation = message.headers["KV-Operation"];
  return operation === "DEL" || operation === "PURGE";
}

function requireKey(key: string): string {
  if (keyPattern.test(key)) return key;
  throw new CaxtonError(
    "invalid-argument",
    `'${key.slice(0, 80)}' is no key: letters, digits, '-', '/', '_' and '=' in parts joined by '.'`,
  );
}

function requireFilter(filter: string): string {
  if (/^([-/_=A-Za-z0-9]+|\*)(\.([-/_=A-Za-z0-9]+|\*))*(\.>)?$|^>$/.test(filter)) return filter;
  throw new CaxtonError("invalid-argument", `'${filter.slice(0, 80)}' is no key and no filter of keys`);
}
