import Type, { type Static } from "typebox";
import { concurrencyMax, instancesMax, VersionLimits } from "./limits.ts";
import { checker } from "./schema.ts";

const Uuid = Type.String({ format: "uuid" });

/** What every command on `caxton.commands.<principal>.<agent>.<verb>` carries besides its body. */
const envelope = {
  /** Chosen by the sender; the same id twice is one command. */
  id: Uuid,
  /** Read after this instant it is answered with `command-expired` and not applied. */
  expiresAt: Type.Optional(Type.String({ format: "date-time" })),
  /** Who wants it, in words; the principal in the subject is who sent it. */
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
  traceparent: Type.Optional(Type.String({ maxLength: 100 })),
};

export const DeployCommand = Type.Object(
  {
    ...envelope,
    /** Chosen by the sender (UUIDv7 by custom): asking twice is asking once. */
    deployment: Uuid,
    artifact: Type.Object({ digest: Type.String({ pattern: "^[0-9a-f]{64}$" }) }, { additionalProperties: false }),
    strategy: Type.Optional(Type.Literal("direct")),
    /** Given to the agent with every message. What is left out here and below stays as the version before has it. */
    configuration: Type.Optional(Type.Unknown()),
    limits: Type.Optional(Type.Partial(VersionLimits, { additionalProperties: false })),
    instances: Type.Optional(Type.Integer({ minimum: 1, maximum: instancesMax })),
    /** Messages that one instance works on at once. */
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: concurrencyMax })),
    /** Why a breaking change of the contract is wanted all the same. */
    allowBreaking: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
  },
  { additionalProperties: false },
);
export type DeployCommand = Static<typeof DeployCommand>;

/** Of `abort` and `rollback`. */
export const DeploymentCommand = Type.Object({ ...envelope, deployment: Uuid }, { additionalProperties: false });
export type DeploymentCommand = Static<typeof DeploymentCommand>;

export const commandVerbs = ["deploy", "abort", "rollback"] as const;
export type CommandVerb = (typeof commandVerbs)[number];

export function isCommandVerb(value: string): value is CommandVerb {
  return commandVerbs.some((verb) => verb === value);
}

export const deployCommand = checker("deploy command", DeployCommand, "invalid-command");
export const deploymentCommand = checker("command", DeploymentCommand, "invalid-command");

/** Stored at `caxton.answers.<principal>.<commandId>`, so that a sender who comes back later still finds it. */
export const CommandAnswer = Type.Union([
  Type.Object({
    commandId: Type.String(),
    ok: Type.Literal(true),
    agent: Type.String(),
    deployment: Type.String(),
    /** The state the deployment was in when the command was accepted. */
    state: Type.String(),
  }),
  Type.Object({
    commandId: Type.String(),
    ok: Type.Literal(false),
    error: Type.Object({ code: Type.String(), message: Type.String() }),
  }),
]);
export type CommandAnswer = Static<typeof CommandAnswer>;
export const commandAnswer = checker("command answer", CommandAnswer);
