import type { FreezeEvent } from "@caxton/deployment/freezes";
import Type, { type Static, type TSchema } from "./type.ts";
import { CaxtonError } from "./errors.ts";
import { checker, type Checker } from "./schema.ts";

const header = {
  atMs: Type.Number(),
  commandId: Type.String(),
  agent: Type.Optional(Type.String({ minLength: 1, description: "All agents where it is absent." })),
  actor: Type.String(),
  reason: Type.String(),
};

/** What is stored in the stream `freezes`. */
export const freezeEventSchemas = {
  FreezeStarted: Type.Object({
    type: Type.Literal("FreezeStarted"),
    ...header,
    untilMs: Type.Optional(Type.Number({ description: "Until it is lifted where it is absent." })),
  }),
  FreezeEnded: Type.Object({ type: Type.Literal("FreezeEnded"), ...header }),
};

/** The same as they are stored and published: the type stands beside the data. */
export const freezeDataSchemas: Readonly<Record<string, TSchema>> = Object.fromEntries(
  Object.entries(freezeEventSchemas).map(([type, schema]) => [type, Type.Omit(schema, ["type"])]),
);

type Schemas = typeof freezeEventSchemas;
type Stored = { [Name in keyof Schemas]: Static<Schemas[Name]> }[keyof Schemas];
/** Fails to compile where schema and domain say different things. */
export const freezeSchemasMatchDomain: [Stored extends FreezeEvent ? true : never] = [true];

const checkers: ReadonlyMap<string, Checker<FreezeEvent>> = new Map(
  Object.entries(freezeEventSchemas).map(([type, schema]): [string, Checker<FreezeEvent>] => [
    type,
    checker(`event ${type}`, schema),
  ]),
);

/** The stream that freezes are stored in. */
export const freezeStream = "freezes";
/** Of every one of its events today. */
export const freezeSchemaVersion = 1;

/**
 * A stored event in the words of the domain; undefined for a type that came later than this code.
 * @throws CaxtonError `internal` where it does not satisfy its schema
 */
export function readFreezeEvent(stored: { readonly type: string; readonly data: unknown }): FreezeEvent | undefined {
  const check = checkers.get(stored.type);
  if (check === undefined) return undefined;
  if (typeof stored.data !== "object" || stored.data === null)
    throw new CaxtonError("internal", `event ${stored.type} has no object as data`);
  return check.check({ ...stored.data, type: stored.type });
}
