import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { holdLease, type LeaseSeat } from "@caxton/bus/hold-lease";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import { defaultLeaseTtlMs } from "@caxton/bus/lease";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { hasCode, toCaxtonError } from "@caxton/contracts/errors";
import { readDeploymentEvent } from "@caxton/contracts/event-upcast";
import { agentOfStream } from "@caxton/contracts/names";
import { checkpointBucket, leaseBucket } from "@caxton/contracts/subjects";
import { parseTraceparent, spanIdOf } from "@caxton/contracts/trace-context";
import { deploymentSpanId } from "@caxton/contracts/trace-spans";
import type { DeploymentEvent } from "@caxton/deployment/event";
import type { EventStore, RecordedEvent } from "@caxton/event-store/port";
import type { Logger } from "@caxton/telemetry/logger";
import type { FinishedSpan, SpanSink } from "@caxton/telemetry/span";
import { type Chapter, DeploymentStories, type Told } from "../core/deployment-story.ts";

export interface TracesOptions {
  readonly bus: Bus;
  readonly eventStore: EventStore;
  readonly spans: SpanSink;
  readonly log: Logger;
  readonly id: string;
  readonly now: () => number;
}

interface Origin {
  readonly traceId: string;
  readonly parentSpanId?: string;
}

/** Everything recorded before `untilMs` was told, and of that millisecond the events with these ids. */
interface Progress {
  readonly untilMs: number;
  readonly ids: readonly string[];
}

const checkpointKey = "deployment-traces";
const leaseKey = "deployment-traces";
/** Where tracing was never on, what ended before is not told; clocks may differ by so much. */
const firstLookBackMs = 60_000;
const retryMs = 2_000;
const last: ReadonlySet<string> = new Set([
  "ValidationFailed",
  "DeploymentFailed",
  "DeploymentRolledBack",
  "DeploymentRetired",
]);

/**
 * Tells the spans of every deployment from its stored events once it has ended. One orchestrator does it at a time; what the
 * collector has taken is noted, so that a successor goes on there. Told twice, a span has the same id.
 */
export async function traceDeployments(options: TracesOptions): Promise<LeaseSeat> {
  const { bus, log, id } = options;
  const leases = await bus.kv(leaseBucket, { ttlMs: defaultLeaseTtlMs });
  return holdLease(leases, {
    key: leaseKey,
    holderId: `${id}.${process.pid}.${options.now()}`,
    onAcquired: (_lease, signal) => tellAll(options, signal),
    onError: (error) => log.debug(`deployment traces: ${toCaxtonError(error).message}`),
  });
}

async function tellAll({ bus, eventStore, spans, now }: TracesOptions, signal: AbortSignal): Promise<void> {
  const bucket = await bus.kv(checkpointBucket);
  let told = await readCheckpoint(bucket, now() - firstLookBackMs);
  const stories = new DeploymentStories();
  const origins = new Map<string, Origin>();
  for await (const event of eventStore.subscribe({ signal })) {
    const agent = agentOfStream(event.stream);
    const known = readOrSkip(event);
    if (agent === undefined || known === undefined) continue;
    const { deployment } = known;
    if (known.type === "DeploymentRequested") origins.set(deployment, originOf(event));
    const story = stories.enter(known);
    const origin = origins.get(deployment);
    if (last.has(known.type)) origins.delete(deployment);
    if (story === undefined || origin === undefined || isTold(told, event)) continue;
    await taken(spans, spansOf(story, { agent, deployment, origin }), signal);
    told = after(told, event);
    await bucket.put(checkpointKey, encodeJson(told));
  }
}

function isTold({ untilMs, ids }: Progress, { id, recordedAtMs }: RecordedEvent): boolean {
  return recordedAtMs < untilMs || ids.includes(id);
}

function after({ untilMs, ids }: Progress, { id, recordedAtMs }: RecordedEvent): Progress {
  return { untilMs: recordedAtMs, ids: recordedAtMs === untilMs ? [...ids, id] : [id] };
}

/** What cannot be read is said out loud where it is folded. */
function readOrSkip(event: RecordedEvent): DeploymentEvent | undefined {
  try {
    return readDeploymentEvent(event);
  } catch {
    return undefined;
  }
}

/** Without a sender's trace the deployment has one of its own, named by the command that began it. */
function originOf({ metadata }: RecordedEvent): Origin {
  const sent = parseTraceparent(metadata.traceparent);
  return sent === undefined
    ? { traceId: metadata.correlationId.replaceAll("-", "") }
    : { traceId: sent.traceId, parentSpanId: sent.spanId };
}

/** Again and again until the collector is there; no deployment is forgotten meanwhile. */
async function taken(sink: SpanSink, spans: readonly FinishedSpan[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await sink.send(spans);
    } catch (error) {
      if (!hasCode(error, "service-unavailable")) throw error;
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
  signal.throwIfAborted();
}

interface Whose {
  readonly agent: string;
  readonly deployment: string;
  readonly origin: Origin;
}

function spansOf({ whole, parts }: Told, whose: Whose): readonly FinishedSpan[] {
  const { deployment, origin } = whose;
  const create = deploymentSpanId(deployment);
  const spanId = whole.name === "deployment.create" ? create : spanIdOf(deployment, whole.name);
  // One whose command came without a trace begins its own.
  const isOwn = origin.parentSpanId === spanId;
  const root = spanOf(whole, whose, spanId, isOwn ? undefined : origin.parentSpanId);
  const children = parts.map((part, index) => spanOf(part, whose, spanIdOf(deployment, part.name, index), root.spanId));
  return [root, ...children];
}

function spanOf(chapter: Chapter, { agent, deployment, origin }: Whose, spanId: string, parent?: string): FinishedSpan {
  return {
    ...chapter,
    traceId: origin.traceId,
    spanId,
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    attributes: { agent_id: agent, deployment_id: deployment },
  };
}

async function readCheckpoint(bucket: KvBucket, unlessStoredMs: number): Promise<Progress> {
  const entry = await bucket.get(checkpointKey);
  const value = entry === undefined ? undefined : decodeJson(entry.value);
  const isRight = typeof value === "object" && value !== null && "untilMs" in value && "ids" in value;
  if (!isRight || typeof value.untilMs !== "number" || !Array.isArray(value.ids)) {
    return { untilMs: unlessStoredMs, ids: [] };
  }
  return { untilMs: value.untilMs, ids: value.ids.map(String) };
}
