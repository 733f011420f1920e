import Type, { type Static } from "./type.ts";

/** A kind names a sort of message; it travels as one subject token (names.ts). */
const Kind = Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" });
const AgentName = Type.String({ pattern: "^[a-z][a-z0-9-]{0,47}$" });
/** JSON Schema 2020-12; that it is one is checked where it is compiled. */
const JsonSchema = Type.Union([Type.Boolean(), Type.Record(Type.String(), Type.Unknown())]);

/** A kind of message the agent takes, with examples that it must be able to handle. */
export const AcceptedKind = Type.Object(
  { kind: Kind, schema: JsonSchema, examples: Type.Array(Type.Unknown(), { minItems: 1, maxItems: 16 }) },
  { additionalProperties: false },
);
export type AcceptedKind = Static<typeof AcceptedKind>;

/** A kind of output, for the agent `to`, or for the outbox where `to` is absent. */
export const EmittedKind = Type.Object(
  {
    kind: Kind,
    to: Type.Optional(AgentName),
    schema: JsonSchema,
    examples: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 16 })),
  },
  { additionalProperties: false },
);
export type EmittedKind = Static<typeof EmittedKind>;

/** What a version may be configured with; any JSON where an agent declares none. */
export const ConfigurationSchema = Type.Object(
  { schema: JsonSchema, examples: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 16 })) },
  { additionalProperties: false },
);

/** What an agent's `describe()` returns as JSON text (wit/caxton-agent.wit). */
export const AgentDescription = Type.Object(
  {
    name: AgentName,
    /** Begins the ids of its versions, as `proc` in `proc-v2-7f8d9`. */
    shortName: Type.Optional(Type.String({ pattern: "^[a-z][a-z0-9]{0,15}$" })),
    version: Type.String({ minLength: 1, maxLength: 64 }),
    description: Type.Optional(Type.String({ maxLength: 2000 })),
    accepts: Type.Array(AcceptedKind, { minItems: 1, maxItems: 64 }),
    emits: Type.Array(EmittedKind, { maxItems: 64 }),
    configuration: Type.Optional(ConfigurationSchema),
    stateVersion: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);
export type AgentDescription = Static<typeof AgentDescription>;
