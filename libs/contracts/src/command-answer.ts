import Type, { type Static } from "./type.ts";
import { checker } from "./schema.ts";

/** What is known of a command besides how it was decided. */
const circumstances = {
  commandId: Type.String({
    description: "The command's id; `seq-<n>` or `refused-<uuid>` where it had none that could be read.",
  }),
  verb: Type.Optional(Type.String({ description: "As it stood in the subject." })),
  actor: Type.Optional(Type.String({ description: "As it stood in the command." })),
  sequence: Type.Optional(
    Type.Integer({ minimum: 1, description: "Of the command in CAXTON_COMMANDS; absent where the stream refused it." }),
  ),
  receivedAt: Type.Optional(Type.String({ format: "date-time", description: "When the bus had the command." })),
  repeated: Type.Optional(
    Type.Integer({ minimum: 1, description: "How often the same id came again. It changed nothing." }),
  ),
  lastRepeat: Type.Optional(
    Type.Integer({ minimum: 1, description: "The newest of those, by its sequence in CAXTON_COMMANDS." }),
  ),
  differed: Type.Optional(
    Type.Literal(true, { description: "One that came again asked for something else: choose a new id for that." }),
  ),
};

/**
 * Stored at `caxton.answers.<principal>.<commandId>`, so that a sender who comes back later still finds it, and an operator
 * sees what was refused.
 */
export const CommandAnswer = Type.Union([
  Type.Object({
    ...circumstances,
    ok: Type.Literal(true),
    agent: Type.String(),
    deployment: Type.Optional(Type.String({ description: "Absent where the command was about no deployment." })),
    state: Type.Optional(Type.String({ description: "That the deployment was in when the command was accepted." })),
  }),
  Type.Object({
    ...circumstances,
    ok: Type.Literal(false),
    agent: Type.Optional(Type.String({ description: "As it stood in the subject." })),
    error: Type.Object({
      code: Type.String({ description: "Of the vocabulary in docs/errors.md." }),
      message: Type.String({ description: "Holds the value, the bound and what to do next." }),
    }),
  }),
]);
export type CommandAnswer = Static<typeof CommandAnswer>;
export const commandAnswer = checker("command answer", CommandAnswer);
