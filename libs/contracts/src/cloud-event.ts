import Type, { type Static, type TSchema } from "./type.ts";
import { EventMetadata } from "./event-envelope.ts";
import { eventDataSchemas } from "./deployment-event.ts";
import { schemaVersionOf } from "./event-upcast.ts";
import { freezeDataSchemas, freezeSchemaVersion } from "./freeze-event.ts";

const { actor, commandId, causationId, correlationId, traceparent, tracestate, reason } = EventMetadata.properties;

/** Of a structured CloudEvent 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) all but type and data. */
const attributes = {
  specversion: Type.Literal("1.0"),
  id: Type.String({ description: "Of the stored event. Drop one that you have seen." }),
  source: Type.String({ description: "`/caxton/agents/<agent>`; of a freeze `/caxton/freezes`." }),
  subject: Type.String({ description: "The deployment; of a freeze the agent, or `_all`." }),
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

/** A stored event as it is published, of any type. */
export const CloudEvent = Type.Object({ ...attributes, type: Type.String(), data: Type.Unknown() });
export type CloudEvent = Static<typeof CloudEvent>;

/** What a published event is about. */
export type EventSubject = "deployment" | "freeze";

export function cloudEventType(about: EventSubject, event: string, schemaVersion: number): string {
  return `caxton.${about}.${event}.v${schemaVersion}`;
}

/** Of each type of event about deployments, as it is written today; on `caxton.deployments.<agent>.<deployment>.<event>`. */
export const deploymentCloudEvents = published("deployment", eventDataSchemas, schemaVersionOf);
/** Of freezes; on `caxton.freezes.<agent or _all>.<event>`. */
export const freezeCloudEvents = published("freeze", freezeDataSchemas, () => freezeSchemaVersion);

function published(
  about: EventSubject,
  dataSchemas: Readonly<Record<string, TSchema>>,
  versionOf: (event: string) => number,
): Readonly<Record<string, TSchema>> {
  return Object.fromEntries(
    Object.entries(dataSchemas).map(([event, data]) => {
      const type = Type.Literal(cloudEventType(about, event, versionOf(event)));
      return [event, Type.Object({ ...attributes, type, data })];
    }),
  );
}
