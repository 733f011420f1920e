import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { checkpointBucket, deploymentStream } from "@caxton/contracts/subjects";
import { sentTrace } from "@caxton/contracts/trace-context";
import type { EventStore, RecordedEvent } from "@caxton/event-store/port";
import { publicationOf } from "../core/publication.ts";

const checkpointKey = "deployment-events";
const checkpointEveryMs = 1_000;

export interface PublisherOptions {
  readonly bus: Bus;
  readonly eventStore: EventStore;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Of the store that the event came from: where whoever publishes next goes on. */
const positionHeader = "Caxton-Position";

/**
 * Publishes every stored event of deployments and freezes as a CloudEvent, in order and once: each publication is expected to follow the one before it,
 * and says where it was in the store. Two who publish at once hinder each other, but neither publishes twice.
 * @throws CaxtonError where the bus or the store is away, `wrong-sequence` where somebody else published meanwhile
 */
export async function publishEvents({ bus, eventStore, now, signal }: PublisherOptions): Promise<void> {
  const bucket = await bus.kv(checkpointBucket);
  let { lastSequence, afterPosition } = await lastPublished(bus, bucket);
  let savedAtMs = now();
  for await (const event of eventStore.subscribe({
    signal,
    ...(afterPosition === undefined ? {} : { afterPosition }),
  })) {
    lastSequence = await publish(bus, event, lastSequence);
    afterPosition = event.position;
    if (now() - savedAtMs < checkpointEveryMs) continue;
    savedAtMs = now();
    await bucket.put(checkpointKey, encodeJson({ position: event.position }));
  }
}

/** @returns the sequence of the last publication */
async function publish(bus: Bus, event: RecordedEvent, lastSequence: number): Promise<number> {
  const publication = publicationOf(event);
  if (publication === undefined) return lastSequence;
  const { sequence } = await bus.store(publication.subject, encodeJson(publication.event), {
    messageId: event.id,
    expectLastSequence: lastSequence,
    headers: { [positionHeader]: event.position, ...sentTrace(event.metadata) },
  });
  return sequence;
}

/** The stream's own end says it exactly; where its messages are gone, what was noted now and then has to do. */
async function lastPublished(
  bus: Bus,
  bucket: KvBucket,
): Promise<{ readonly lastSequence: number; readonly afterPosition: string | undefined }> {
  const lastSequence = (await bus.streams.info(deploymentStream))?.lastSequence ?? 0;
  const last = lastSequence === 0 ? undefined : await bus.streams.get(deploymentStream, lastSequence);
  return { lastSequence, afterPosition: last?.headers[positionHeader] ?? (await readCheckpoint(bucket)) };
}

async function readCheckpoint(bucket: KvBucket): Promise<string | undefined> {
  const entry = await bucket.get(checkpointKey);
  if (entry === undefined) return undefined;
  const value = decodeJson(entry.value);
  return typeof value === "object" && value !== null && "position" in value && typeof value.position === "string"
    ? value.position
    : undefined;
}
