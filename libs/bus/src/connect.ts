import { CaxtonError } from "@caxton/contracts/errors";
import { connect, errors, nkeyAuthenticator, type NatsConnection } from "@nats-io/transport-node";
import { setTimeout as delay } from "node:timers/promises";
import { busAddress } from "./address.ts";
import { Connection } from "./connection.ts";
import { KvBuckets } from "./kv-buckets.ts";
import { openObjectBucket } from "./objects.ts";
import { reportServer } from "./server.ts";
import { storeMessage } from "./store.ts";
import { streamsOf } from "./streams.ts";
import { subscribe, toBusMessage } from "./subscription.ts";
import type { Bus } from "./types.ts";

export interface ConnectOptions {
  /** One server, or several separated by commas, with user and password where the server wants them (address.ts). */
  readonly url: string;
  /** Shown by the server in its list of connections. */
  readonly name: string;
  /** How long to wait for a server that is not there yet; 10 000 unless given. */
  readonly connectTimeoutMs?: number;
  /** How long a call to the JetStream API may take, waiting for a server that is away included; 5 000 unless given. */
  readonly apiTimeoutMs?: number;
  /** A server that stands still is given up after three of these; 2 000 unless given. */
  readonly pingIntervalMs?: number;
  /** Answers to this connection come below it; permissions can pin it. */
  readonly inboxPrefix?: string;
  /** Where the server knows this connection by its nkey. */
  readonly nkeySeed?: string;
  /** Faults that no caller waits for, such as a denied publish; a process warning unless given. */
  readonly onError?: (error: unknown) => void;
}

const closeTimeoutMs = 2_000;

/**
 * Connects, and from then on comes back by itself for as long as it takes.
 * @throws CaxtonError `bus-unavailable` when no server takes the connection in time, `invalid-argument` for an address that is none
 */
export async function connectBus(options: ConnectOptions): Promise<Bus> {
  const inboxPrefix = options.inboxPrefix ?? "_INBOX";
  const nc = await connectPatiently(options, inboxPrefix);
  const onError =
    options.onError ?? ((error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error)));
  const { apiTimeoutMs = 5_000 } = options;
  const { shown } = busAddress(options.url);
  const connection = await Connection.over(nc, { url: shown, inboxPrefix, apiTimeoutMs, onError });
  const streams = streamsOf(connection);
  const buckets = new KvBuckets(connection, streams);
  return {
    streams,
    get status() {
      return connection.status;
    },
    get maxPayloadBytes() {
      return nc.info?.max_payload ?? 1024 * 1024;
    },
    onStatus: (listener) => connection.onStatus(listener),
    publish: (subject, data, headers) => connection.publish(subject, data, headers),
    async request(subject, data, request) {
      const call = { operation: "request", target: subject, ...request } as const;
      return await connection.request(subject, data, call, toBusMessage);
    },
    subscribe: (subject, handler, subscription) => subscribe(connection, subject, handler, subscription),
    store: (subject, data, store) => storeMessage(connection, subject, data, store),
    kv: (bucket, kv) => buckets.open(bucket, kv),
    objects: async (bucket) => openObjectBucket(connection, streams, bucket),
    server: () => reportServer(connection),
    flush() {
      connection.flushRequests();
      return connection.call(() => nc.flush(), { operation: "api", target: "flush", timeoutMs: 5_000 });
    },
    async close() {
      if (nc.isClosed()) return;
      connection.flushRequests();
      if (connection.status === "connected") {
        await Promise.race([nc.drain().catch(() => {}), delay(closeTimeoutMs, undefined, { ref: false })]);
      }
      await nc.close();
    },
  };
}

async function connectPatiently(options: ConnectOptions, inboxPrefix: string): Promise<NatsConnection> {
  const { servers, shown, credentials } = busAddress(options.url);
  const { name, nkeySeed, connectTimeoutMs = 10_000, pingIntervalMs = 2_000 } = options;
  const deadlineMs = performance.now() + connectTimeoutMs;
  for (;;) {
    try {
      return await connect({
        servers: [...servers],
        name,
        inboxPrefix,
        timeout: Math.max(100, Math.min(2_000, deadlineMs - performance.now())),
        maxReconnectAttempts: -1,
        reconnectTimeWait: 50,
        reconnectJitter: 100,
        ignoreAuthErrorAbort: true,
        pingInterval: pingIntervalMs,
        maxPingOut: 2,
        noAsyncTraces: true,
        ...credentials,
        ...(nkeySeed === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkeySeed)) }),
      });
    } catch (error) {
      if (error instanceof errors.AuthorizationError) {
        throw new CaxtonError(
          "bus-unavailable",
          `nats-server at ${shown} refuses these credentials: ${error.message}`,
          {
            cause: error,
          },
        );
      }
      if (performance.now() >= deadlineMs) {
        throw new CaxtonError(
          "bus-unavailable",
          `no nats-server took a connection at ${shown} within ${connectTimeoutMs} ms: start it (nats-server -js), or give the right url`,
          { cause: error, details: { url: shown, connectTimeoutMs } },
        );
      }
      await delay(50);
    }
  }
}
