import Type, { type Static } from "typebox";
import { tracestateMaxCharacters } from "./trace-context.ts";

/** Who, why and in which trace: the same for every stored event (DESIGN.md, Event store). */
export const EventMetadata = Type.Object({
  actor: Type.String({ minLength: 1, maxLength: 200 }),
  /** The id of the command that led to this event. */
  commandId: Type.String({ format: "uuid" }),
  /** The command or event that directly caused this one. */
  causationId: Type.String({ format: "uuid" }),
  /** Shared by everything that one original command set off. */
  correlationId: Type.String({ format: "uuid" }),
  /** W3C Trace Context, https://www.w3.org/TR/trace-context/ */
  traceparent: Type.Optional(Type.String({ maxLength: 100 })),
  tracestate: Type.Optional(Type.String({ maxLength: tracestateMaxCharacters })),
  reason: Type.Optional(Type.String({ maxLength: 1000 })),
});
export type EventMetadata = Static<typeof EventMetadata>;
