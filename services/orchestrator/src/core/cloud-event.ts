import { type CloudEvent, cloudEventType } from "@caxton/contracts/cloud-event";
import type { EventMetadata } from "@caxton/contracts/event-envelope";

export interface PublishableEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly metadata: EventMetadata;
  readonly stream: string;
  readonly revision: number;
  readonly recordedAtMs: number;
}

/** A stored event as it is published. */
export function cloudEvent(event: PublishableEvent, agent: string, deployment: string): CloudEvent {
  const { actor, commandId, causationId, correlationId, traceparent, tracestate, reason } = event.metadata;
  return {
    specversion: "1.0",
    id: event.id,
    source: `/caxton/agents/${agent}`,
    type: cloudEventType(event.type, event.schemaVersion),
    subject: deployment,
    time: new Date(event.recordedAtMs).toISOString(),
    datacontenttype: "application/json",
    stream: event.stream,
    revision: event.revision,
    actor,
    commandid: commandId,
    causationid: causationId,
    correlationid: correlationId,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
    ...(reason === undefined ? {} : { reason }),
    data: event.data,
  };
}
