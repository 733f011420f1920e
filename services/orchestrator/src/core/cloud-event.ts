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

/** A stored event as a structured CloudEvent 1.0, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
export function cloudEvent(event: PublishableEvent, agent: string, deployment: string): Record<string, unknown> {
  const { actor, commandId, causationId, correlationId, traceparent, tracestate, reason } = event.metadata;
  return {
    specversion: "1.0",
    id: event.id,
    source: `/caxton/agents/${agent}`,
    type: `caxton.deployment.${event.type}.v${event.schemaVersion}`,
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
