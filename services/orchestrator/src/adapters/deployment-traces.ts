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
import type { DeploymentEvent } from "@caxton/deployment/event";
import type { EventStore, RecordedEvent } from "@caxton/event-store/port";
import type { Logger } from "@caxton/telemetry/logger";
import type { FinishedSpan, SpanSink } from "@caxton/telemetry/span";
import type { Chapter } from "../core/chapter.ts";
import { DeploymentStories } from "../core/deployment-story.ts";

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
 * Tells the spans of every deployment from its stored events, each as soon as it has ended. One orchestrator does it at a
 * time; what the collector has taken is noted, so that a successor goes on there. Told twice, a span has the same id.
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
  const told = new ToldBefore(await readCheckpoint(bucket), now() - firstLookBackMs);
  const stories = new DeploymentStories();
  const origins = new Map<string, Origin>();
  // Where the store is another one, what it holds was told of or is nobody's concern.
  for await (const event of eventStore.subscribe({ signal, onCaughtUp: () => told.end() })) {
    const wasTold = told.has(event);
    const agent = agentOfStream(event.stream);
    const known = readOrSkip(event);
    if (agent === undefined || known === undefined) continue;
    const { deployment } = known;
    if (known.type === "DeploymentRequested") origins.set(deployment, originOf(event));
    const chapters = stories.enter(known);
    const origin = origins.get(deployment);
    if (last.has(known.type)) origins.delete(deployment);
    if (wasTold || chapters.length === 0 || origin === undefined) continue;
    const whose = { agent, deployment, origin };
    await taken(
      spans,
      chapters.map((chapter) => spanOf(chapter, whose)),
      signal,
    );
    await bucket.put(checkpointKey, encodeJson({ position: event.position }));
  }
}

/** Which events were told of: all up to the one at the noted position; where none was noted, those recorded before a time. */
class ToldBefore {
  #position: string | undefined;
  readonly #untilMs: number;

  constructor(position: string | undefined, unlessNotedMs: number) {
    this.#position = position;
    this.#untilMs = position === undefined ? unlessNotedMs : -Infinity;
  }

  /** Asked of each event in the store's order. */
  has({ position, recordedAtMs }: RecordedEvent): boolean {
    if (this.#position === undefined) return recordedAtMs < this.#untilMs;
    if (this.#position === position) this.#position = undefined;
    return true;
  }

  end(): void {
    this.#position = undefined;
  }
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

function spanOf(chapter: Chapter, { agent, deployment, origin }: Whose): FinishedSpan {
  const { id, parent, attributes, name, startMs, endMs, failure } = chapter;
  const spanId = spanIdOf(deployment, id);
  const parentSpanId = parent === undefined ? origin.parentSpanId : spanIdOf(deployment, parent);
  return {
    name,
    startMs,
    endMs,
    traceId: origin.traceId,
    spanId,
    // One whose command came without a trace begins its own.
    ...(parentSpanId === undefined || parentSpanId === spanId ? {} : { parentSpanId }),
    attributes: { agent_id: agent, deployment_id: deployment, ...attributes },
    ...(failure === undefined ? {} : { failure }),
  };
}

async function readCheckpoint(bucket: KvBucket): Promise<string | undefined> {
  const entry = await bucket.get(checkpointKey);
  const value = entry === undefined ? undefined : decodeJson(entry.value);
  const isRight = typeof value === "object" && value !== null && "position" in value;
  return isRight && typeof value.position === "string" ? value.position : undefined;
}
