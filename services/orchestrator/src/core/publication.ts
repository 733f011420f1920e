import { type CloudEvent, cloudEventType, type EventSubject } from "@caxton/contracts/cloud-event";
import type { EventMetadata } from "@caxton/contracts/event-envelope";
import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import { freezeStream, readFreezeEvent } from "@caxton/contracts/freeze-event";
import { agentOfStream } from "@caxton/contracts/names";
import { deploymentSubject, freezeSubject } from "@caxton/contracts/subjects";
import { allAgents } from "@caxton/deployment/freezes";

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

/** A stored event as it is published, and on which subject of the bus. */
export interface Publication {
  readonly subject: string;
  readonly event: CloudEvent;
}

/** @returns undefined for what is not published: other streams, types that came later than this code */
export function publicationOf(event: PublishableEvent): Publication | undefined {
  if (event.stream === freezeStream) {
    const freeze = readFreezeEvent(event);
    if (freeze === undefined) return undefined;
    const { agent: scope = allAgents } = freeze;
    const about = { about: "freeze", source: "/caxton/freezes", subject: scope } as const;
    return { subject: freezeSubject(scope, event.type), event: cloudEvent(event, about) };
  }
  const agent = agentOfStream(event.stream);
  if (agent === undefined) return undefined;
  const deployment = readDeploymentEvent(event)?.deployment;
  if (deployment === undefined) return undefined;
  const about = { about: "deployment", source: `/caxton/agents/${agent}`, subject: deployment } as const;
  return { subject: deploymentSubject(agent, deployment, event.type), event: cloudEvent(event, about) };
}

interface About {
  readonly about: EventSubject;
  readonly source: string;
  readonly subject: string;
}

function cloudEvent(event: PublishableEvent, { about, source, subject }: About): CloudEvent {
  const { actor, commandId, causationId, correlationId, traceparent, tracestate, reason } = event.metadata;
  return {
    specversion: "1.0",
    id: event.id,
    source,
    type: cloudEventType(about, event.type, event.schemaVersion),
    subject,
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
