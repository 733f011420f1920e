import { fromJsonString, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import type {
  AgentSchema,
  DeploymentSchema,
  StoredEventSchema,
} from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { type Deployment, isSettled, stepOf, versionOf } from "@caxton/deployment/state";
import type { RecordedEvent } from "@caxton/event-store/port";
import type { AgentView } from "./core/agent-view.ts";
import { timingsOf } from "./core/timings.ts";
import { toJsonObject } from "./json-object.ts";

const timestamp = (atMs: number | undefined) => (atMs === undefined ? undefined : timestampFromMs(atMs));

export function deploymentMessage(view: AgentView, deployment: Deployment): MessageInitShape<typeof DeploymentSchema> {
  const marks = view.marks[deployment.deployment] ?? {};
  const { kept } = deployment;
  const step = stepOf(deployment);
  const underWay = deployment.state !== "Queued" && !isSettled(deployment.state);
  const report = toJsonObject(marks.report);
  return {
    id: deployment.deployment,
    agent: deployment.agent,
    version: deployment.version ?? "",
    state: deployment.state,
    strategy: deployment.strategy,
    ...(underWay && step !== undefined
      ? { step: { number: deployment.step + 1, of: deployment.plan.length, kind: step.kind } }
      : {}),
    queuePlace: view.state.queue.indexOf(deployment.deployment) + 1,
    artifactDigest: deployment.artifact.digest,
    artifactSizeBytes: deployment.artifact.sizeBytes,
    instances: deployment.instances,
    concurrency: deployment.concurrency,
    limits: { ...deployment.limits },
    configuration: fromJsonString(ValueSchema, deployment.configuration),
    ...(kept === undefined ? {} : { kept: { from: kept.from, fields: [...kept.fields] } }),
    actor: deployment.actor,
    replaces: versionOf(view.state, deployment.replaces) ?? "",
    ...(deployment.failure === undefined ? {} : { failure: deployment.failure }),
    rollbackReason: deployment.rollbackReason ?? "",
    requestedAt: timestampFromMs(deployment.requestedAtMs),
    ...definedOnly({ runningAt: timestamp(deployment.runningAtMs), endedAt: timestamp(deployment.endedAtMs) }),
    timings: timingsOf(deployment, marks),
    ...(report === undefined ? {} : { validationReport: report }),
    revision: view.revision,
  };
}

export function agentMessage(view: AgentView, withState: boolean): MessageInitShape<typeof AgentSchema> {
  const { state } = view;
  const folded = withState ? toJsonObject(state) : undefined;
  return {
    name: view.agent,
    activeVersion: versionOf(state, state.active) ?? "",
    rollout: state.rollout ?? "",
    queue: [...state.queue],
    routeRevision: state.route.revision,
    appliedRouteRevision: state.appliedRevision,
    targets: state.route.targets.map(({ version, share }) => ({ version, share })),
    deployments: Object.keys(state.deployments).length,
    revision: view.revision,
    ...(folded === undefined ? {} : { state: folded }),
  };
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
