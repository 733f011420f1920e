import { EventMetadata } from "@caxton/contracts/event-envelope";
import { CaxtonError } from "@caxton/contracts/errors";
import { checker } from "@caxton/contracts/schema";
import type { JSONEventData, JSONType, ResolvedEvent } from "@kurrent/kurrentdb-client";
import Type from "@caxton/contracts/type";
import type { NewEvent, RecordedEvent } from "../port.ts";
import { formatPlace } from "./position.ts";

type ServerEvent = NonNullable<ResolvedEvent["event"]>;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const schemaVersion = Type.Integer({ minimum: 0 });
const links = { $correlationId: Type.Optional(Type.Unknown()), $causationId: Type.Optional(Type.Unknown()) };
const ours = checker("metadata", Type.Object({ ...EventMetadata.properties, ...links, schemaVersion }));

/** Ids in lower case, as the server gives them back. @throws CaxtonError `invalid-argument` for an id that is no UUID */
export function withServerIds(events: readonly NewEvent[]): readonly NewEvent[] {
  return events.map((event) => {
    const id = event.id.toLowerCase();
    if (uuid.test(id)) return { ...event, id };
    throw new CaxtonError("invalid-argument", `event id '${event.id.slice(0, 80)}' is no UUID`);
  });
}

/** `$correlationId` and `$causationId` are what the server's own UI and projections follow. */
export function toServerEvent(event: NewEvent): JSONEventData {
  const { metadata } = event;
  return {
    id: event.id,
    contentType: "application/json",
    type: event.type,
    data: asJson(event.data ?? null),
    metadata: {
      $correlationId: metadata.correlationId,
      $causationId: metadata.causationId,
      ...metadata,
      schemaVersion: event.schemaVersion,
    },
  };
}

// Anything that JSON.stringify takes; the client's own type leaves out null and numbers.
const isJson = (value: unknown): value is JSONType => value !== undefined;

function asJson(value: unknown): JSONType {
  if (isJson(value)) return value;
  throw new CaxtonError("invalid-argument", "an event's data is not JSON");
}

/** What the server counts against its bound of one append. */
export function appendBytes(events: readonly JSONEventData[]): number {
  const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
  return events.reduce((sum, { data, metadata, type }) => sum + bytes(data) + bytes(metadata) + 2 * type.length, 0);
}

/** `undefined` for what is not of ours: system streams, other writers' events. */
export function fromServerEvent(event: ServerEvent | undefined): RecordedEvent | undefined {
  if (event === undefined || !event.isJson || !/^[\w-]{1,200}$/.test(event.streamId)) return undefined;
  const stored: unknown = event.metadata;
  if (!ours.matches(stored)) return undefined;
  const { schemaVersion: version, $correlationId: _, $causationId: __, ...metadata } = stored;
  return {
    id: event.id,
    type: event.type,
    schemaVersion: version,
    data: event.data,
    metadata,
    stream: event.streamId,
    revision: Number(event.revision),
    position: formatPlace(event.position, event.streamId, event.revision),
    recordedAtMs: event.created.getTime(),
  };
}
