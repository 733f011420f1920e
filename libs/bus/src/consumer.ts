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

const noSuchConsumer = 10014;

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
    try {
      return await connection.api(stream, (manager) => manager.consumers.info(stream, durable));
    } catch (error) {
      if (error instanceof CaxtonError && error.details["natsCode"] === noSuchConsumer) return undefined;
      throw error;
    }
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
  const settings = [
    { name: "ack_wait", wanted: spec.ackWaitMs * 1e6, found: config.ack_wait ?? 0 },
    { name: "max_ack_pending", wanted: spec.maxAckPending, found: config.max_ack_pending ?? 0 },
    { name: "max_deliver", wanted: -1, found: config.max_deliver ?? -1 },
    { name: "filter_subject", wanted: spec.filterSubject ?? "", found: config.filter_subject ?? "" },
  ];
  return settings
    .filter(({ wanted, found }) => wanted !== found)
    .map(({ name, wanted, found }) => `${name}: wanted ${wanted}, found ${found}`);
}
