import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import type { StoredMsg } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { openPullConsumer } from "./consumer.ts";
import { followStream } from "./follow.ts";
import { fromNatsHeaders } from "./headers.ts";
import { keptBy, requireSpec, specDifferences, toStreamConfig, toStreamInfo } from "./stream-config.ts";
import type { StreamSpec } from "@caxton/contracts/stream-spec";
import type { ConsumerSpec, FollowOptions, NamedConsumer, StoredMessage, StreamInfo, Streams } from "./types.ts";

const freshForMs = 250;
const removedAtOnce = 100;

export function streamsOf(connection: Connection): Streams {
  async function info(name: string): Promise<StreamInfo | undefined> {
    try {
      return toStreamInfo(await connection.api(name, (manager) => manager.streams.info(name)));
    } catch (error) {
      if (hasCode(error, "stream-not-found")) return undefined;
      throw error;
    }
  }

  async function ensure(asked: StreamSpec): Promise<StreamInfo> {
    const spec = keptBy(connection.nc.info?.version ?? "", asked);
    const config = toStreamConfig(spec);
    let current = await info(spec.name);
    if (current === undefined) {
      // Two who create at once both succeed where they ask for the same; else the second goes on to update.
      await connection
        .api(spec.name, (manager) => manager.streams.add(config))
        .catch((error: unknown) => {
          if (!hasCode(error, "internal") || error.details["natsCode"] !== 10058) throw error;
        });
      current = await info(spec.name);
    }
    if (current === undefined || specDifferences(spec, current.spec).length > 0) {
      await connection.api(spec.name, (manager) => manager.streams.update(spec.name, config));
      current = toStreamInfo(await connection.api(spec.name, (manager) => manager.streams.info(spec.name)));
    }
    requireSpec(spec, current.spec);
    return current;
  }

  /** Asked again where the answer is old, since the process stood still meanwhile. */
  async function infoOfNow(name: string, epochMs: number | undefined): Promise<StreamInfo> {
    for (;;) {
      const askedAtMs = performance.now();
      const found = await info(name);
      if (found === undefined || (epochMs !== undefined && found.createdAtMs !== epochMs)) {
        throw new CaxtonError("stream-not-found", `${name} is not there, or was made again`);
      }
      if (performance.now() - askedAtMs < freshForMs) return found;
    }
  }

  /** False where there is no such message (any more). */
  async function removeOne(name: string, sequence: number): Promise<boolean> {
    try {
      return await connection.api(name, (manager) => manager.streams.deleteMessage(name, sequence, false));
    } catch (error) {
      if (hasCode(error, "internal") && [10037, 10043, 10057].includes(Number(error.details["natsCode"]))) return false;
      throw error;
    }
  }

  async function message(
    name: string,
    query: { seq: number } | { last_by_subj: string },
  ): Promise<StoredMessage | undefined> {
    const stored = await connection.api(name, (manager) => manager.streams.getMessage(name, query));
    return stored === null ? undefined : toStored(stored);
  }

  return {
    ensure,
    info,
    async names(subjectFilter) {
      return await connection.api(subjectFilter ?? "streams", async (manager) => {
        const names: string[] = [];
        for await (const name of manager.streams.names(subjectFilter ?? "")) names.push(name);
        return names;
      });
    },
    get: (name, sequence) => message(name, { seq: sequence }),
    last: (name, subject) => message(name, { last_by_subj: subject }),
    async purge(name, options = {}) {
      const { belowSequence, epochMs } = options;
      if (belowSequence === undefined && epochMs === undefined) {
        await connection.api(name, (manager) => manager.streams.purge(name));
        return;
      }
      const { lastSequence } = await infoOfNow(name, epochMs);
      // To the server 0 means everything, and a sequence beyond the end moves the end.
      const seq = Math.min(belowSequence ?? Infinity, lastSequence + 1);
      if (seq > 1) await connection.api(name, (manager) => manager.streams.purge(name, { seq }));
    },
    async remove(name, sequences) {
      let removed = 0;
      for (let at = 0; at < sequences.length; at += removedAtOnce) {
        const some = sequences.slice(at, at + removedAtOnce).map((sequence) => removeOne(name, sequence));
        removed += (await Promise.all(some)).filter(Boolean).length;
      }
      return removed;
    },
    async delete(name) {
      await connection.api(name, (manager) => manager.streams.delete(name));
    },
    consumer: (spec: ConsumerSpec) => openPullConsumer(connection, spec),
    async consumers(name) {
      return await connection.api(name, async (manager) => {
        const found: NamedConsumer[] = [];
        for await (const consumer of manager.consumers.list(name)) {
          found.push({
            name: consumer.name,
            durable: consumer.config.durable_name !== undefined,
            ackFloor: consumer.ack_floor.stream_seq,
            ackPending: consumer.num_ack_pending,
            pending: consumer.num_pending,
          });
        }
        return found;
      });
    },
    follow: (name, options: FollowOptions = {}) =>
      followStream(connection, info, { ...options, stream: name, mode: "follow" }),
    read: (name, options: FollowOptions = {}) =>
      followStream(connection, info, { ...options, stream: name, mode: "read" }),
  };
}

function toStored(stored: StoredMsg): StoredMessage {
  return {
    subject: stored.subject,
    data: stored.data,
    headers: fromNatsHeaders(stored.header),
    sequence: stored.seq,
    storedAtMs: stored.time.getTime(),
  };
}
