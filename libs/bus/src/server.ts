import { toCaxtonError } from "@caxton/contracts/errors";
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import type { ServerReport } from "./types.ts";

const probeAbandonedMs = 1_000;

/** What the server says about itself. @throws CaxtonError `bus-unavailable` */
export async function reportServer(connection: Connection): Promise<ServerReport> {
  const { info } = connection.nc;
  const startedMs = performance.now();
  await connection.call(() => connection.nc.flush(), { operation: "api", target: "server", timeoutMs: 5_000 });
  const roundTripMs = performance.now() - startedMs;
  const account = await connection
    .api("account", (manager) => manager.getAccountInfo())
    .catch((error: unknown) => toCaxtonError(error).message);
  const clock = typeof account === "string" ? {} : await clockOffset(connection);
  return {
    name: info?.server_name ?? "",
    version: info?.version ?? "",
    maxPayloadBytes: info?.max_payload ?? 0,
    roundTripMs,
    ...clock,
    ...(typeof account === "string"
      ? { jetStreamProblem: account }
      : {
          account: {
            storageBytes: account.storage,
            storageMaxBytes: account.limits.max_storage,
            memoryBytes: account.memory,
            memoryMaxBytes: account.limits.max_memory,
            streams: account.streams,
            consumers: account.consumers,
            ...(account.domain === undefined ? {} : { domain: account.domain }),
          },
        }),
  };
}

/** A consumer says when it was made, by the server's clock; where there is no stream there is nothing to ask. */
async function clockOffset(connection: Connection): Promise<{ readonly clockOffsetMs?: number }> {
  try {
    return await connection.api("clock", async (manager) => {
      const [stream] = await manager.streams.names().next();
      if (stream === undefined) return {};
      const beforeMs = Date.now();
      const made = await manager.consumers.add(stream, {
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.New,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: probeAbandonedMs * 1e6,
      });
      const ourMs = (beforeMs + Date.now()) / 2;
      await manager.consumers.delete(stream, made.name);
      return { clockOffsetMs: Date.parse(made.created) - ourMs };
    });
  } catch {
    return {};
  }
}
