import Type, { type Static, type TSchema } from "./type.ts";
import { EventMetadata } from "./event-envelope.ts";
import { eventDataSchemas } from "./deployment-event.ts";
import { schemaVersionOf } from "./event-upcast.ts";

const { actor, commandId, causationId, correlationId, traceparent, tracestate, reason } = EventMetadata.properties;

/** Of a structured CloudEvent 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) all but type and data. */
const attributes = {
  specversion: Type.Literal("1.0"),
  id: Type.String({ description: "Of the stored event. Drop one that you have seen." }),
  source: Type.String({ description: "`/caxton/agents/<agent>`" }),
  subject: Type.String({ description: "The deployment." }),
  time: Type.String({ format: "date-time", description: "When it was stored." }),
  datacontenttype: Type.Literal("application/json"),
  stream: Type.String({ description: "In the event store." }),
  revision: Type.Integer({ minimum: 0, description: "In that stream; it only grows." }),
  actor,
  commandid: commandId,
  causationid: causationId,
  correlationid: correlationId,
  traceparent,
  tracestate,
  reason,
};

/** A stored event as it is published on `caxton.deployments.<agent>.<deployment>.<event>`, of any type. */
export const CloudEvent = Type.Object({ ...attributes, type: Type.String(), data: Type.Unknown() });
export type CloudEvent = Static<typeof CloudEvent>;

export function cloudEventType(event: string, schemaVersion: number): string {
  return `caxton.deployment.${event}.v${schemaVersion}`;
}

/** The same for each type of event, as it is written today. */
export const cloudEventSchemas: Readonly<Record<string, TSchema>> = Object.fromEntries(
  Object.entries(eventDataSchemas).map(([event, data]) => {
    const type = Type.Literal(cloudEventType(event, schemaVersionOf(event)));
    return [event, Type.Object({ ...attributes, type, data })];
  }),
);
