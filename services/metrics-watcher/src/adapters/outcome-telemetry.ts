import type { Outcome } from "@caxton/contracts/outcome";
import { parseTraceparent, spanIdOf } from "@caxton/contracts/trace-context";
import { routeSpanId } from "@caxton/contracts/trace-spans";
import { type VersionNames, versionNames } from "@caxton/contracts/version-names";
import type { Counter, Metrics } from "@caxton/telemetry/registry";
import type { FinishedSpan, SpanSink } from "@caxton/telemetry/span";
import { type Crossing, crossingsOf } from "../core/crossings.ts";

type VersionLabels = VersionNames & { readonly agent: string };

/** In seconds, finer where agents answer. */
const latencyBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
/** A version that did nothing for so long is gone from the metrics until it does something again. */
const forgetAfterMs = 60 * 60 * 1000;
const none = "none";

/**
 * What stored outcomes say to operators: counts of messages and the spans of those whose producer wants them traced. All
 * of it is told afterwards, so that routing a message costs nothing more.
 */
export class OutcomeTelemetry {
  readonly #spans: SpanSink | undefined;
  readonly #sinceMs: number;
  readonly #messages;
  readonly #attempts;
  readonly #latency;
  readonly #throughput;
  readonly #crossings: Readonly<Record<Crossing["kind"], Counter>>;
  readonly #told = new Map<string, { readonly position: number; readonly decidedAtMs: number }>();
  readonly #lastAtMs = new Map<string, { readonly labels: VersionLabels; atMs: number }>();

  /** @param sinceMs what was decided before was told by somebody else, or nobody asked */
  constructor(metrics: Metrics, spans: SpanSink | undefined, sinceMs: number) {
    this.#spans = spans;
    this.#sinceMs = sinceMs;
    this.#messages = metrics.counter("caxton_messages_total", "Messages decided, by result: handled or dead_lettered.");
    this.#attempts = metrics.counter("caxton_message_failures_total", "Failed attempts, by their code.");
    this.#latency = metrics.histogram(
      "caxton_message_handling_seconds",
      "Time the version took for an attempt.",
      latencyBounds,
    );
    this.#throughput = metrics.histogram(
      "caxton_message_decision_seconds",
      "From a message's arrival in the inbox to its decision.",
      latencyBounds,
    );
    this.#crossings = {
      overflow: metrics.counter(
        "caxton_message_overflow_total",
        "Messages that another version was asked for, because this one was full or away.",
      ),
      fallback: metrics.counter(
        "caxton_message_fallbacks_total",
        "Messages that this version failed on and another handled.",
      ),
      "at-fault": metrics.counter(
        "caxton_message_at_fault_total",
        "Messages meant for this version that it and another failed on.",
      ),
    };
  }

  /** @param position in the stream of outcomes; a reader that began anew tells some twice */
  tell(outcome: Outcome, position: number): void {
    if (outcome.decidedAtMs < this.#sinceMs) return;
    const last = this.#told.get(outcome.agent);
    // A stream that was made anew begins at 1 again, with later times.
    if (last !== undefined && position <= last.position && outcome.decidedAtMs <= last.decidedAtMs) return;
    this.#told.set(outcome.agent, { position, decidedAtMs: Math.max(outcome.decidedAtMs, last?.decidedAtMs ?? 0) });
    const { agent, version = none, result, receivedAtMs, decidedAtMs, attempts } = outcome;
    this.#throughput.observe({ agent }, Math.max(0, decidedAtMs - receivedAtMs) / 1000);
    const at = (id: string): VersionLabels => this.#atWork(agent, id, decidedAtMs);
    this.#messages.add({ ...at(version), result: result.replaceAll("-", "_") });
    for (const { version: tried, latencyMs, result: became, code = "unknown" } of attempts) {
      this.#latency.observe(at(tried), latencyMs / 1000);
      if (became === "failed") this.#attempts.add({ ...at(tried), code });
    }
    for (const { kind, version: left } of crossingsOf(outcome)) this.#crossings[kind].add(at(left));
    if (this.#spans === undefined || outcome.traceparent === undefined) return;
    this.#spans.offer(spansOf(outcome));
  }

  forgetIdle(nowMs: number): void {
    for (const [key, { labels, atMs }] of this.#lastAtMs) {
      if (atMs > nowMs - forgetAfterMs) continue;
      this.#lastAtMs.delete(key);
      const all = [this.#messages, this.#attempts, this.#latency, ...Object.values(this.#crossings)];
      for (const metric of all) metric.forget(labels);
    }
  }

  /** Notes that it did something. @returns its labels */
  #atWork(agent: string, version: string, atMs: number): VersionLabels {
    const key = `${agent}/${version}`;
    const known = this.#lastAtMs.get(key) ?? { labels: { agent, ...versionNames(version) }, atMs };
    known.atMs = atMs;
    this.#lastAtMs.set(key, known);
    return known.labels;
  }
}

/** `message.route` from arrival to decision, a `message.handle` within it for each attempt; none unless the producer samples. */
export function spansOf(outcome: Outcome): readonly FinishedSpan[] {
  const context = parseTraceparent(outcome.traceparent);
  if (context === undefined || !context.sampled) return [];
  const { agent, epoch, sequence, receivedAtMs, decidedAtMs, deadLetter } = outcome;
  const { traceId } = context;
  const spanId = routeSpanId(outcome);
  const attributes = { agent_id: agent, message_id: outcome.messageId, sequence };
  const route: FinishedSpan = {
    traceId,
    spanId,
    // One that came without a trace begins its own.
    ...(context.spanId === spanId ? {} : { parentSpanId: context.spanId }),
    name: "message.route",
    startMs: Math.min(receivedAtMs, decidedAtMs),
    endMs: decidedAtMs,
    attributes: { ...attributes, result: outcome.result },
    ...(deadLetter === undefined ? {} : { failure: `${deadLetter.code}: ${deadLetter.reason}` }),
  };
  // Only how long each took is stored, so that they are laid one before the other, the last ending with the decision.
  let endMs = decidedAtMs;
  const handled = outcome.attempts.toReversed().map((attempt, index): FinishedSpan => {
    const startMs = Math.max(route.startMs, endMs - attempt.latencyMs);
    const span: FinishedSpan = {
      traceId,
      spanId: spanIdOf(agent, epoch, sequence, outcome.attempts.length - index),
      parentSpanId: route.spanId,
      name: "message.handle",
      startMs,
      endMs,
      attributes: { ...attributes, ...versionNames(attempt.version), route_revision: attempt.routeRevision },
      ...(attempt.result === "failed" ? { failure: attempt.code ?? "failed" } : {}),
    };
    endMs = startMs;
    return span;
  });
  return [route, ...handled.toReversed()];
}
