import Type, { type Static } from "./type.ts";
import { tracestateMaxCharacters } from "./trace-context.ts";

/** Who, why and in which trace: the same for every stored event (DESIGN.md, Event store). */
export const EventMetadata = Type.Object({
  actor: Type.String({
    minLength: 1,
    // 200 of who, 64 of the principal and what stands between them.
    maxLength: 300,
    description: "`<who wanted it> (<principal>)`, the principal alone, or the service that reported.",
  }),
  commandId: Type.String({ format: "uuid", description: "The id of the command that led to this event." }),
  causationId: Type.String({
    format: "uuid",
    description: "The command or event that directly caused this one.",
  }),
  correlationId: Type.String({
    format: "uuid",
    description: "Shared by everything that one original command set off.",
  }),
  traceparent: Type.Optional(
    Type.String({ maxLength: 100, description: "W3C Trace Context, https://www.w3.org/TR/trace-context/" }),
  ),
  tracestate: Type.Optional(
    Type.String({ maxLength: tracestateMaxCharacters, description: "Carried with the traceparent." }),
  ),
  reason: Type.Optional(Type.String({ maxLength: 1000, description: "Why, where the command said so." })),
});
export type EventMetadata = Static<typeof EventMetadata>;
