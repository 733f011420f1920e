import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import { checkpointBucket, deploymentSubject } from "@caxton/contracts/subjects";
import type { EventStore, RecordedEvent } from "@caxton/event-store/port";
import { cloudEvent } from "../core/cloud-event.ts";
import { agentOfStream } from "@caxton/contracts/names";

const checkpointKey = "deployment-events";
const checkpointEveryMs = 1_000;

export interface PublisherOptions {
  readonly bus: Bus;
  readonly eventStore: EventStore;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/**
 * Publishes every stored event as a CloudEvent, in order, at least once: the event's id is the message id, and the position
 * is kept so that a restart goes on where it was. Subscribers tell repeats by the CloudEvent's id.
 * @throws CaxtonError where the bus or the store is away
 */
export async function publishEvents({ bus, eventStore, now, signal }: PublisherOptions): Promise<void> {
  const bucket = await bus.kv(checkpointBucket);
  const afterPosition = await readCheckpoint(bucket);
  let savedAtMs = now();
  for await (const event of eventStore.subscribe({
    signal,
    ...(afterPosition === undefined ? {} : { afterPosition }),
  })) {
    await publish(bus, event);
    if (now() - savedAtMs < checkpointEveryMs) continue;
    savedAtMs = now();
    await bucket.put(checkpointKey, encodeJson({ position: event.position }));
  }
}

async function publish(bus: Bus, event: RecordedEvent): Promise<void> {
  const agent = agentOfStream(event.stream);
  const known = readDeploymentEvent(event);
  if (agent === undefined || known === undefined) return;
  const subject = deploymentSubject(agent, known.deployment, event.type);
  const headers = event.metadata.traceparent === undefined ? {} : { traceparent: event.metadata.traceparent };
  await bus.store(subject, encodeJson(cloudEvent(event, agent, known.deployment)), { messageId: event.id, headers });
}

async function readCheckpoint(bucket: KvBucket): Promise<string | undefined> {
  const entry = await bucket.get(checkpointKey);
  if (entry === undefined) return undefined;
  const value = decodeJson(entry.value);
  return typeof value === "object" && value !== null && "position" in value && typeof value.position === "string"
    ? value.position
    : undefined;
}
