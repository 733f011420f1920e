import { conflictPolicies } from "@caxton/deployment/state";
import { shadowMaxMs, strategies, watchMaxMs } from "@caxton/deployment/strategy";
import Type, { type Static } from "./type.ts";
import { tracestateMaxCharacters } from "./trace-context.ts";
import { concurrencyMax, instancesMax, VersionLimits } from "./limits.ts";
import { Measure } from "./experiment.ts";
import { Judging } from "./judging.ts";
import { checker } from "./schema.ts";
import { ShadowSettings } from "./shadow.ts";

// Descriptions stand in the AsyncAPI document, so they are written for whoever sends commands.

/** What every command on `caxton.commands.<principal>.<agent>.<verb>` carries besides its body. */
export const envelope = {
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

export const overrideFreeze = Type.Optional(
  Type.String({ minLength: 1, maxLength: 1000, description: "Why it is done although there is a freeze." }),
);

const CanaryStep = Type.Union([
  Type.Object(
    {
      share: Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: "Of the agent's messages, 0 to 1; shares grow, the last is 1.",
      }),
      watchMs: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, maximum: watchMaxMs, description: "How long it is watched." }),
      ),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { approve: Type.Literal(true, { description: "Waits for the command `approve`." }) },
    { additionalProperties: false },
  ),
]);

/** What a canary is asked for with; what is left out is as in the ADR. */
export const CanaryCommand = Type.Object(
  {
    steps: Type.Optional(Type.Array(CanaryStep, { minItems: 1, maxItems: 32 })),
    validateMs: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3_600_000 })),
    cleanupMs: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: watchMaxMs,
        description: "How long the version before is kept warm after all messages went to the new one.",
      }),
    ),
    judging: Type.Optional(Type.Partial(Judging, { additionalProperties: false })),
  },
  { additionalProperties: false },
);
export type CanaryCommand = Static<typeof CanaryCommand>;

/** What blue-green is asked for with; what is left out is as in the ADR. */
export const BlueGreenCommand = Type.Object(
  {
    validateMs: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3_600_000 })),
    warmUpMs: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 3_600_000,
        description: "How long the version may be warmed up before it gets messages.",
      }),
    ),
    cleanupMs: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: watchMaxMs,
        description: "How long the version before is kept warm after the switch.",
      }),
    ),
  },
  { additionalProperties: false },
);
export type BlueGreenCommand = Static<typeof BlueGreenCommand>;

/** What a shadow is asked for with; what is left out is as in the ADR: everything, on all messages, for an hour. */
export const ShadowCommand = Type.Object(
  {
    durationMs: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: shadowMaxMs, description: "How long it compares." }),
    ),
    ...Type.Partial(ShadowSettings).properties,
  },
  { additionalProperties: false },
);
export type ShadowCommand = Static<typeof ShadowCommand>;
/** What an A/B test is asked for with. */
export const AbCommand = Type.Object(
  {
    share: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        description: "Of the agent's messages for the new version, the same all the time; 0.5 unless given.",
      }),
    ),
    durationMs: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: watchMaxMs,
        description: "How long it goes on; an hour unless given.",
      }),
    ),
    measure: Measure,
    validateMs: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3_600_000 })),
    cleanupMs: Type.Optional(Type.Number({ minimum: 0, maximum: watchMaxMs })),
    judging: Type.Optional(Type.Partial(Judging, { additionalProperties: false })),
  },
  { additionalProperties: false },
);
export type AbCommand = Static<typeof AbCommand>;

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
    strategy: Type.Optional(Type.Enum(strategies, { description: "`direct` unless given." })),
    canary: Type.Optional(CanaryCommand),
    blueGreen: Type.Optional(BlueGreenCommand),
    shadow: Type.Optional(ShadowCommand),
    ab: Type.Optional(AbCommand),
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
    onConflict: Type.Optional(
      Type.Enum(conflictPolicies, {
        description:
          "Where another deployment of the agent is on its way: wait behind it (`queue`, unless given), take it back and be next (`supersede`), or be refused with `deployment-conflict` (`reject`).",
      }),
    ),
    overrideFreeze,
  },
  { additionalProperties: false },
);
export type DeployCommand = Static<typeof DeployCommand>;

/** Of `abort`, `cancel` and `rollback`. */
export const DeploymentCommand = Type.Object(
  { ...envelope, deployment: Type.String({ format: "uuid", description: "The deployment to take back." }) },
  { additionalProperties: false },
);
export type DeploymentCommand = Static<typeof DeploymentCommand>;

const step = Type.Optional(
  Type.Integer({
    minimum: 1,
    description: "The step that is meant, counted from 1: where another is under way, nothing is done.",
  }),
);

/** Of `pause`, `resume` and `approve`. */
export const StepCommand = Type.Object(
  {
    ...envelope,
    deployment: Type.String({ format: "uuid", description: "The deployment under way." }),
    step,
    overrideFreeze,
  },
  { additionalProperties: false },
);
export type StepCommand = Static<typeof StepCommand>;

export const PromoteCommand = Type.Object(
  {
    ...envelope,
    deployment: Type.String({ format: "uuid", description: "The canary under way." }),
    step,
    overrideFreeze,
    full: Type.Optional(Type.Boolean({ description: "All messages at once, instead of the next share." })),
  },
  { additionalProperties: false },
);
export type PromoteCommand = Static<typeof PromoteCommand>;

export const RedriveCommand = Type.Object(
  {
    ...envelope,
    deployment: Type.String({ format: "uuid", description: "One that was rolled back." }),
    failedOnly: Type.Optional(Type.Boolean({ description: "Only messages that ended as dead letters." })),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: "At most so many, the oldest; the next redrive goes on behind them. All unless given.",
      }),
    ),
    stop: Type.Optional(Type.Boolean({ description: "Ends the one under way instead; what it did stays done." })),
  },
  { additionalProperties: false },
);
export type RedriveCommand = Static<typeof RedriveCommand>;

export const MoveCommand = Type.Object(
  {
    ...envelope,
    deployment: Type.String({ format: "uuid", description: "The deployment that waits." }),
    place: Type.Integer({ minimum: 1, description: "Where it shall stand; 1 is next." }),
    queueRevision: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: "The line as it was seen: where it has changed since, nothing is moved (`stale-queue`).",
      }),
    ),
  },
  { additionalProperties: false },
);
export type MoveCommand = Static<typeof MoveCommand>;

/** What is about one deployment. */
export type CommandMessage =
  | DeployCommand
  | DeploymentCommand
  | StepCommand
  | PromoteCommand
  | MoveCommand
  | RedriveCommand;

export const deployCommand = checker("deploy command", DeployCommand, "invalid-command");
export const deploymentCommand = checker("command", DeploymentCommand, "invalid-command");
export const stepCommand = checker("command", StepCommand, "invalid-command");
export const promoteCommand = checker("promote command", PromoteCommand, "invalid-command");
export const redriveCommand = checker("redrive command", RedriveCommand, "invalid-command");
export const moveCommand = checker("move command", MoveCommand, "invalid-command");
