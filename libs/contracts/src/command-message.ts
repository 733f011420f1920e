import Type, { type Static } from "typebox";
import { tracestateMaxCharacters } from "./trace-context.ts";
import { concurrencyMax, instancesMax, VersionLimits } from "./limits.ts";
import { checker } from "./schema.ts";

// Descriptions stand in the AsyncAPI document, so they are written for whoever sends commands.

/** What every command on `caxton.commands.<principal>.<agent>.<verb>` carries besides its body. */
const envelope = {
  id: Type.String({ format: "uuid", description: "Chosen by the sender; the same id twice is one command." }),
  expiresAt: Type.Optional(
    Type.String({
      format: "date-time",
      description: "Read after this instant it is answered with `command-expired` and not applied.",
    }),
  ),
  actor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: "Who wants it, in words; the principal in the subject is who sent it.",
    }),
  ),
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: "Why; it stays in the history." })),
  traceparent: Type.Optional(Type.String({ maxLength: 100, description: "W3C Trace Context." })),
  tracestate: Type.Optional(
    Type.String({ maxLength: tracestateMaxCharacters, description: "Carried with the traceparent." }),
  ),
};

export const DeployCommand = Type.Object(
  {
    ...envelope,
    deployment: Type.String({
      format: "uuid",
      description: "Names this attempt, chosen by the sender (UUIDv7 by custom): asking twice is asking once.",
    }),
    artifact: Type.Object(
      {
        digest: Type.String({ pattern: "^[0-9a-f]{64}$", description: "The sha256 of an artifact that was uploaded." }),
      },
      { additionalProperties: false },
    ),
    strategy: Type.Optional(Type.Literal("direct")),
    configuration: Type.Optional(
      Type.Unknown({
        description:
          "Any JSON, given to the agent with every message. What is left out here and below stays as the version before has it.",
      }),
    ),
    limits: Type.Optional(Type.Partial(VersionLimits, { additionalProperties: false })),
    instances: Type.Optional(
      Type.Integer({ minimum: 1, maximum: instancesMax, description: "Processes of the version, over all hosts." }),
    ),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: concurrencyMax,
        description: "Messages that one instance works on at once.",
      }),
    ),
    allowBreaking: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        description: "Why a breaking change of the contract is wanted all the same.",
      }),
    ),
  },
  { additionalProperties: false },
);
export type DeployCommand = Static<typeof DeployCommand>;

/** Of `abort` and `rollback`. */
export const DeploymentCommand = Type.Object(
  { ...envelope, deployment: Type.String({ format: "uuid", description: "The deployment to take back." }) },
  { additionalProperties: false },
);
export type DeploymentCommand = Static<typeof DeploymentCommand>;

export const deployCommand = checker("deploy command", DeployCommand, "invalid-command");
export const deploymentCommand = checker("command", DeploymentCommand, "invalid-command");
