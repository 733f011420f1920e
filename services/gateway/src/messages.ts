import { fromJsonString, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import type {
  AgentSchema,
  DeploymentSchema,
  RedriveStorySchema,
  StepSchema,
  StoredEventSchema,
} from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { shadowMs } from "@caxton/deployment/decide-shadow";
import type { Redrive } from "@caxton/deployment/redrive";
import {
  type AgentState,
  type Deployment,
  isSettled,
  stepOf,
  versionOf,
  warmPredecessor,
} from "@caxton/deployment/state";
import type { Freeze } from "@caxton/deployment/freeze";
import { waitTextOf } from "@caxton/deployment/waiting";
import type { RecordedEvent } from "@caxton/event-store/port";
import { abReportMessage } from "./ab-messages.ts";
import { judgingMessage, rollbackMessage, stepMessages, verdictMessage } from "./canary-messages.ts";
import type { AgentView } from "./core/agent-view.ts";
import { stoppageOf } from "./core/stoppage.ts";
import { waitsFor } from "./core/waits-for.ts";
import { timingsOf } from "./core/timings.ts";
import { freezeMessage } from "./freeze-message.ts";
import { toJsonObject } from "./json-object.ts";

const timestamp = (atMs: number | undefined) => (atMs === undefined ? undefined : timestampFromMs(atMs));

/** Its fields, before it is made a message. */
type DeploymentMessage = Extract<MessageInitShape<typeof DeploymentSchema>, { readonly $typeName?: never }>;

export function deploymentMessage(
  view: AgentView,
  deployment: Deployment,
  freezes: readonly Freeze[],
): DeploymentMessage {
  const report = toJsonObject(view.marks[deployment.deployment]?.report);
  const { steps, rollback } = view.stories[deployment.deployment] ?? { steps: {} };
  const warm = warmPredecessor(view.state, deployment);
  return {
    ...listedDeployment(view, deployment, freezes),
    ...(report === undefined ? {} : { validationReport: report }),
    steps: stepMessages(deployment, steps),
    ...(deployment.judging === undefined ? {} : { judging: judgingMessage(deployment.judging) }),
    ...shadowFields(deployment),
    ...(deployment.redrive === undefined ? {} : { redrive: redriveStory(deployment.redrive) }),
    ...(rollback === undefined ? {} : { rollback: rollbackMessage(rollback) }),
    ...(deployment.concluded === undefined ? {} : { abReport: abReportMessage(deployment, deployment.concluded) }),
    ...(warm?.cleanup === undefined ? {} : { warmPredecessor: warmMessage(warm, warm.cleanup.untilMs) }),
    ...(deployment.drain === undefined ? definedOnly({ warmUntil: timestamp(deployment.cleanup?.untilMs) }) : {}),
  };
}

/** Of a list: without what is long, which is there for who asks for one deployment. */
export function listedDeployment(
  view: AgentView,
  deployment: Deployment,
  freezes: readonly Freeze[],
): DeploymentMessage {
  const marks = view.marks[deployment.deployment] ?? {};
  const { kept } = deployment;
  return {
    id: deployment.deployment,
    agent: deployment.agent,
    version: deployment.version ?? "",
    state: deployment.state,
    strategy: deployment.strategy,
    ...definedOnly({ step: stepMessage(deployment) }),
    queuePlace: view.state.queue.indexOf(deployment.deployment) + 1,
    waitsFor:
      deployment.state === "Queued"
        ? waitsFor(view.state, freezes)
        : (waitTextOf(view.state, deployment.deployment) ?? ""),
    onConflict: deployment.onConflict ?? "queue",
    overrideFreeze: deployment.overrideFreeze ?? "",
    artifactDigest: deployment.artifact.digest,
    artifactSizeBytes: deployment.artifact.sizeBytes,
    instances: deployment.instances,
    concurrency: deployment.concurrency,
    limits: { ...deployment.limits },
    configuration: fromJsonString(ValueSchema, deployment.configuration),
    ...(kept === undefined ? {} : { kept: { from: kept.from, fields: [...kept.fields] } }),
    actor: deployment.actor,
    reason: marks.reason ?? "",
    replaces: versionOf(view.state, deployment.replaces) ?? "",
    ...(deployment.failure === undefined ? {} : { failure: deployment.failure }),
    rollbackReason: deployment.rollbackReason ?? "",
    requestedAt: timestampFromMs(deployment.requestedAtMs),
    ...definedOnly({ runningAt: timestamp(deployment.runningAtMs), endedAt: timestamp(deployment.endedAtMs) }),
    timings: timingsOf(deployment, marks),
    revision: view.revision,
  };
}

function redriveStory(redrive: Redrive): MessageInitShape<typeof RedriveStorySchema> {
  const { number, state, actor, reason, startedAtMs, endedAtMs, tally } = redrive;
  return {
    number,
    state,
    actor,
    reason,
    startedAt: timestampFromMs(startedAtMs),
    ...definedOnly({ endedAt: timestamp(endedAtMs), redriven: tally?.redriven }),
  };
}

/** Of a shadow; nothing of another. */
function shadowFields({ shadow, shadowEnd, plan }: Deployment): Pick<DeploymentMessage, "shadow" | "shadowEnd"> {
  if (shadow === undefined) return {};
  const durationMs = shadowMs(plan);
  const duration = durationMs === undefined ? {} : { durationMs };
  return {
    shadow: { ...shadow, ...duration, compare: [...shadow.compare], ignore: [...shadow.ignore] },
    ...(shadowEnd === undefined ? {} : { shadowEnd }),
  };
}

/** The step that is under way. */
function stepMessage(deployment: Deployment): MessageInitShape<typeof StepSchema> | undefined {
  const { plan, pausedAtMs, watch, frozen } = deployment;
  const step = stepOf(deployment);
  if (deployment.state === "Queued" || isSettled(deployment.state) || step === undefined) return undefined;
  return {
    number: deployment.step + 1,
    of: plan.length,
    kind: step.kind,
    ...(step.kind === "shift" ? { share: step.share } : {}),
    ...definedOnly({
      watchedUntil: timestamp(step.kind === "shadow" ? deployment.stepStartedAtMs + step.durationMs : watch?.endsAtMs),
      heldSince: timestamp(watch?.heldAtMs),
      pausedSince: timestamp(pausedAtMs),
      frozenSince: timestamp(frozen?.atMs),
    }),
    frozenBy: frozen?.reason ?? "",
    ...(watch?.verdict === undefined ? {} : { verdict: verdictMessage(watch.verdict) }),
  };
}

function warmMessage({ deployment, version }: Deployment, untilMs: number) {
  return { deploymentId: deployment, version: version ?? "", until: timestampFromMs(untilMs) };
}

export function agentMessage(
  view: AgentView,
  freezes: readonly Freeze[],
  withState: boolean,
): MessageInitShape<typeof AgentSchema> {
  const { state } = view;
  const folded = withState ? toJsonObject(state) : undefined;
  return {
    name: view.agent,
    activeVersion: versionOf(state, state.active) ?? "",
    rollout: state.rollout ?? "",
    queue: [...state.queue],
    queueRevision: state.queueRevision,
    waitsFor: waitsFor(state, freezes),
    freezes: freezes.map(freezeMessage),
    ...stopped(state),
    routeRevision: state.route.revision,
    appliedRouteRevision: state.appliedRevision,
    targets: state.route.targets.map(({ version, share }) => ({ version, share })),
    deployments: Object.keys(state.deployments).length,
    revision: view.revision,
    ...(folded === undefined ? {} : { state: folded }),
  };
}

function stopped(state: AgentState) {
  const stoppage = stoppageOf(state);
  if (stoppage === undefined) return {};
  const { atMs, ...said } = stoppage;
  return { stopped: { ...said, since: timestampFromMs(atMs) } };
}

export function eventMessage(agent: string, event: RecordedEvent): MessageInitShape<typeof StoredEventSchema> {
  return {
    id: event.id,
    agent,
    type: event.type,
    revision: event.revision,
    schemaVersion: event.schemaVersion,
    recordedAt: timestampFromMs(event.recordedAtMs),
    data: toJsonObject(event.data) ?? {},
    metadata: toJsonObject(event.metadata) ?? {},
  };
}

function definedOnly<Value>(values: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined));
}
