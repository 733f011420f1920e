import { CaxtonError } from "@caxton/contracts/errors";
import {
  AckPolicy,
  DeliverPolicy,
  type ConsumerConfig,
  type ConsumerInfo as NatsConsumerInfo,
} from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { fetchDeliveries } from "./fetch.ts";
import type { ConsumerInfo, ConsumerSpec, PullConsumer } from "./types.ts";

/** Creates the durable consumer or brings it to this spec. @throws CaxtonError `stream-not-found`, `internal` where a setting cannot change */
export async function openPullConsumer(connection: Connection, spec: ConsumerSpec): Promise<PullConsumer> {
  const { stream, durable } = spec;
  const config: Partial<ConsumerConfig> = {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: spec.ackWaitMs * 1e6,
    max_ack_pending: spec.maxAckPending,
    // What counts is how often an agent failed on a message, which the router counts itself.
    max_deliver: -1,
    ...(spec.filterSubject === undefined ? {} : { filter_subject: spec.filterSubject }),
  };
  const existing = await find();
  if (existing === undefined) {
    await connection.api(stream, (manager) => manager.consumers.add(stream, config));
  } else if (differences(spec, existing.config).length > 0) {
    await connection.api(stream, (manager) => manager.consumers.update(stream, durable, config));
  }
  const settled = await connection.api(stream, (manager) => manager.consumers.info(stream, durable));
  const wrong = differences(spec, settled.config);
  if (wrong.length > 0) {
    throw new CaxtonError(
      "internal",
      `consumer ${durable} of ${stream} is not as it was asked for: ${wrong.join("; ")}`,
    );
  }

  async function find(): Promise<NatsConsumerInfo | undefined> {
    const names = await connection.api(stream, async (manager) => {
      const found: NatsConsumerInfo[] = [];
      for await (const info of manager.consumers.list(stream)) if (info.name === durable) found.push(info);
      return found;
    });
    return names[0];
  }

  return {
    fetch: (options) => fetchDeliveries(connection, spec, options),
    async info(): Promise<ConsumerInfo> {
      const info = await connection.api(`${stream} ${durable}`, (manager) => manager.consumers.info(stream, durable));
      return { ackFloor: info.ack_floor.stream_seq, ackPending: info.num_ack_pending, pending: info.num_pending };
    },
  };
}

function differences(spec: ConsumerSpec, config: ConsumerConfig): readonly string[] {
  const wanted = [spec.ackWaitMs * 1e6, spec.maxAckPending, -1, spec.filterSubject ?? ""];
  const found = [
    config.ack_wait ?? 0,
    config.max_ack_pending ?? 0,
    config.max_deliver ?? -1,
    config.filter_subject ?? "",
  ];
  const names = ["ack_wait", "max_ack_pending", "max_deliver", "filter_subject"];
  return names
    .filter((_, at) => wanted[at] !== found[at])
    .map((name, at) => `${name}: wanted ${wanted[at]}, found ${found[at]}`);
}
