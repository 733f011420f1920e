import type { DeploymentEvent } from "@caxton/deployment/event";
import { shadowCauses } from "@caxton/deployment/shadow/ending";
import { conflictPolicies, inboxEnds } from "@caxton/deployment/state";
import { strategies } from "@caxton/deployment/strategy";
import Type, { type Static, type TProperties, type TSchema } from "./type.ts";
import { ExperimentReport, Measure } from "./experiment.ts";
import { Judging, Verdict } from "./judging.ts";
import { VersionLimits } from "./limits.ts";
import { ShadowSettings, ShadowSummary } from "./shadow.ts";
import { WarmUp } from "./warm-up.ts";
import { RedriveTally } from "./redrive.ts";

const Id = Type.String({ minLength: 1 });
const Failure = Type.Object({ stage: Type.String(), code: Type.String(), reason: Type.String() });
const Target = Type.Object({ version: Id, share: Type.Number({ minimum: 0, maximum: 1 }) });
const Closing = Type.Object({ version: Id, revision: Type.Integer() });
const Ending = Type.Union([Type.Literal("Retired"), Type.Literal("RolledBack")]);
const KeptField = Type.Union([
  Type.Literal("configuration"),
  Type.Literal("limits"),
  Type.Literal("instances"),
  Type.Literal("concurrency"),
]);
const Step = Type.Union([
  Type.Object({ kind: Type.Literal("validate"), timeoutMs: Type.Number() }),
  Type.Object({ kind: Type.Literal("start"), timeoutMs: Type.Number() }),
  Type.Object({ kind: Type.Literal("warm-up"), timeoutMs: Type.Number() }),
  Type.Object({ kind: Type.Literal("shift"), share: Type.Number(), watchMs: Type.Optional(Type.Number()) }),
  Type.Object({ kind: Type.Literal("approve") }),
  Type.Object({ kind: Type.Literal("shadow"), durationMs: Type.Number() }),
  Type.Object({
    kind: Type.Literal("finalize"),
    drainMaxMs: Type.Number(),
    cleanupMs: Type.Optional(Type.Number()),
    backAfterMs: Type.Optional(Type.Number()),
  }),
]);
const ByHand = {
  deployment: Id,
  step: Type.Integer({ minimum: 0 }),
  actor: Type.String(),
  reason: Type.String(),
  overrideFreeze: Type.Optional(Type.String()),
};

const RedriveNumber = Type.Integer({ minimum: 1 });
const RedriveByHand = { deployment: Id, number: RedriveNumber, actor: Type.String(), reason: Type.String() };
const OfRoute = {
  deployment: Id,
  revision: Type.Integer({ minimum: 1 }),
  actor: Type.String(),
  reason: Type.String(),
};

const event = <Name extends DeploymentEvent["type"], Data extends TProperties>(type: Name, data: Data) =>
  Type.Object({ type: Type.Literal(type), atMs: Type.Number(), commandId: Type.String(), ...data });

/** The schema of every event type, at the version that is written today. */
export const deploymentEventSchemas = {
  DeploymentRequested: event("DeploymentRequested", {
    actor: Type.String(),
    deployment: Id,
    agent: Id,
    artifact: Type.Object({ digest: Type.String(), sizeBytes: Type.Integer() }),
    configuration: Type.String(),
    limits: VersionLimits,
    fingerprint: Type.String(),
    instances: Type.Integer({ minimum: 1 }),
    concurrency: Type.Integer({ minimum: 1 }),
    kept: Type.Optional(Type.Object({ from: Id, fields: Type.Array(KeptField) })),
    strategy: Type.Enum(strategies),
    plan: Type.Array(Step),
    judging: Type.Optional(Judging),
    shadow: Type.Optional(ShadowSettings),
    experiment: Type.Optional(Type.Object({ measure: Measure })),
    allowBreaking: Type.Optional(Type.String()),
    onConflict: Type.Optional(Type.Enum(conflictPolicies)),
    overrideFreeze: Type.Optional(Type.String()),
  }),
  DeploymentStarted: event("DeploymentStarted", { deployment: Id, replaces: Type.Optional(Id) }),
  QueueReordered: event("QueueReordered", {
    deployment: Id,
    from: Type.Integer({ minimum: 1 }),
    to: Type.Integer({ minimum: 1 }),
    actor: Type.String(),
    reason: Type.String(),
  }),
  ValidationPassed: event("ValidationPassed", {
    deployment: Id,
    version: Id,
    ordinal: Type.Integer({ minimum: 1 }),
    report: Type.Unknown(),
  }),
  ValidationFailed: event("ValidationFailed", { deployment: Id, failure: Failure, report: Type.Unknown() }),
  VersionReady: event("VersionReady", { deployment: Id, version: Id, startMs: Type.Number() }),
  VersionWarmedUp: event("VersionWarmedUp", {
    deployment: Id,
    version: Id,
    step: Type.Integer({ minimum: 0 }),
    warmUp: WarmUp,
  }),
  DeploymentFailed: event("DeploymentFailed", { deployment: Id, failure: Failure }),
  RouteChanged: event("RouteChanged", {
    deployment: Id,
    step: Type.Integer({ minimum: 0 }),
    revision: Type.Integer({ minimum: 1 }),
    targets: Type.Array(Target),
    closed: Type.Array(Closing),
  }),
  RouteApplied: event("RouteApplied", {
    deployment: Id,
    revision: Type.Integer(),
    routers: Type.Integer(),
    appliedMs: Type.Number(),
  }),
  DeploymentCompleted: event("DeploymentCompleted", { deployment: Id }),
  VerdictReached: event("VerdictReached", {
    deployment: Id,
    step: Type.Integer({ minimum: 0 }),
    verdict: Verdict,
    decision: Type.Union([
      Type.Literal("promote"),
      Type.Literal("rollback"),
      Type.Literal("hold"),
      Type.Literal("none"),
    ]),
  }),
  ExperimentConcluded: event("ExperimentConcluded", {
    deployment: Id,
    step: Type.Integer({ minimum: 0 }),
    report: ExperimentReport,
  }),
  ApprovalAwaited: event("ApprovalAwaited", { deployment: Id, step: Type.Integer({ minimum: 0 }) }),
  RolloutFrozen: event("RolloutFrozen", {
    deployment: Id,
    step: Type.Integer({ minimum: 0 }),
    next: Type.Integer({ minimum: 0 }),
    reason: Type.String(),
  }),
  DeploymentWaits: event("DeploymentWaits", {
    deployment: Id,
    step: Type.Integer({ minimum: 0 }),
    place: Type.Integer({ minimum: 1 }),
    waiting: Type.Integer({ minimum: 1 }),
    reason: Type.String(),
  }),
  DeploymentTurnCame: event("DeploymentTurnCame", { deployment: Id, step: Type.Integer({ minimum: 0 }) }),
  AgentHeld: event("AgentHeld", OfRoute),
  AgentReleased: event("AgentReleased", OfRoute),
  UndeployStarted: event("UndeployStarted", {
    deployment: Id,
    inbox: Type.Enum(inboxEnds),
    actor: Type.String(),
    reason: Type.String(),
    overrideFreeze: Type.Optional(Type.String()),
  }),
  InboxClosed: event("InboxClosed", { deployment: Id }),
  InboxEmptied: event("InboxEmptied", { deployment: Id }),
  AgentUndeployed: event("AgentUndeployed", { deployment: Id, inbox: Type.Enum(inboxEnds) }),
  StepApproved: event("StepApproved", ByHand),
  RolloutPaused: event("RolloutPaused", ByHand),
  RolloutResumed: event("RolloutResumed", ByHand),
  CanaryPromoted: event("CanaryPromoted", { ...ByHand, full: Type.Boolean() }),
  RollbackStarted: event("RollbackStarted", {
    deployment: Id,
    reason: Type.String(),
    actor: Type.String(),
    cause: Type.String(),
    sinceMs: Type.Number(),
  }),
  ShadowEnded: event("ShadowEnded", {
    deployment: Id,
    cause: Type.Enum(shadowCauses),
    reason: Type.String(),
    actor: Type.String(),
    summary: Type.Optional(ShadowSummary),
  }),
  VersionClosed: event("VersionClosed", { deployment: Id, version: Id, revision: Type.Integer() }),
  CleanupStarted: event("CleanupStarted", { deployment: Id, version: Id, by: Id, untilMs: Type.Number() }),
  DrainStarted: event("DrainStarted", {
    deployment: Id,
    version: Id,
    revision: Type.Integer(),
    deadlineAtMs: Type.Number(),
    ending: Ending,
  }),
  VersionDrained: event("VersionDrained", { deployment: Id, version: Id, forced: Type.Boolean() }),
  VersionStopped: event("VersionStopped", { deployment: Id, version: Id }),
  ArtifactRemoved: event("ArtifactRemoved", {
    deployment: Id,
    digest: Type.String(),
    sizeBytes: Type.Integer({ minimum: 0 }),
  }),
  PreparedCodeRemoved: event("PreparedCodeRemoved", {
    deployment: Id,
    digest: Type.String(),
    sizeBytes: Type.Integer({ minimum: 0 }),
    place: Type.String(),
  }),
  DeploymentRetired: event("DeploymentRetired", { deployment: Id }),
  DeploymentRolledBack: event("DeploymentRolledBack", {
    deployment: Id,
    reason: Type.String(),
    cause: Type.Optional(Type.Union([Type.Literal("cancelled"), Type.Literal("superseded")])),
  }),
  RedriveStarted: event("RedriveStarted", {
    ...RedriveByHand,
    failedOnly: Type.Boolean(),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
  RedriveStopped: event("RedriveStopped", RedriveByHand),
  RedriveFinished: event("RedriveFinished", { deployment: Id, number: RedriveNumber, tally: RedriveTally }),
} satisfies { readonly [Name in DeploymentEvent["type"]]: TSchema };

/** The same as they are stored and published: the type stands beside the data. */
export const eventDataSchemas: Readonly<Record<string, TSchema>> = Object.fromEntries(
  Object.entries(deploymentEventSchemas).map(([type, schema]) => [type, Type.Omit(schema, ["type"])]),
);

type Schemas = typeof deploymentEventSchemas;
type Stored = { [Name in keyof Schemas]: Static<Schemas[Name]> }[keyof Schemas];

type Frozen<Value> = Value extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Frozen<Value[Key]> }
    : Value;

/** Fails to compile where schema and domain say different things. */
export type SchemasMatchDomain = [
  Stored extends DeploymentEvent ? true : never,
  DeploymentEvent extends Frozen<Stored> ? true : never,
];
export const schemasMatchDomain: SchemasMatchDomain = [true, true];
