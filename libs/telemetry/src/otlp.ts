import { SpanKind, SpanStatusCode, ValueType } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Family } from "./registry.ts";
import type { FinishedSpan } from "./span.ts";

/** Imported only where an endpoint is configured: the packages take longer to load than a service takes to start. */
export interface OtlpSender {
  /** Rejects where the collector did not take them. */
  sendSpans(spans: readonly FinishedSpan[]): Promise<void>;
  sendMetrics(families: readonly Family[], sinceMs: number, atMs: number): Promise<void>;
  close(): Promise<void>;
}

interface SenderOptions {
  readonly tracesUrl?: string;
  readonly metricsUrl?: string;
  readonly serviceName: string;
  readonly serviceId: string;
  readonly timeoutMs: number;
}

const scope = { name: "caxton" };

export function otlpSender({ tracesUrl, metricsUrl, serviceName, serviceId, timeoutMs }: SenderOptions): OtlpSender {
  const resource = resourceFromAttributes({ "service.name": serviceName, "service.instance.id": serviceId });
  const common = { timeoutMillis: timeoutMs };
  const traces = tracesUrl === undefined ? undefined : new OTLPTraceExporter({ ...common, url: tracesUrl });
  const metrics = metricsUrl === undefined ? undefined : new OTLPMetricExporter({ ...common, url: metricsUrl });
  return {
    async sendSpans(spans) {
      if (traces === undefined || spans.length === 0) return;
      const batch = spans.map((span) => readable(span, resource));
      await taken((done) => traces.export(batch, done));
    },
    async sendMetrics(families, sinceMs, atMs) {
      if (metrics === undefined) return;
      const scopeMetrics = [{ scope, metrics: families.map((family) => metricData(family, sinceMs, atMs)) }];
      const batch: ResourceMetrics = { resource, scopeMetrics };
      await taken((done) => metrics.export(batch, done));
    },
    async close() {
      await Promise.all([traces?.shutdown(), metrics?.shutdown()]);
    },
  };
}

interface ExportAnswer {
  readonly code: number;
  readonly error?: Error;
}

function taken(send: (done: (answer: ExportAnswer) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    send(({ code, error }) => (code === 0 ? resolve() : reject(error ?? new Error("the collector refused"))));
  });
}

function readable(span: FinishedSpan, resource: Resource): ReadableSpan {
  const { traceId, spanId, parentSpanId, failure } = span;
  const context = { traceId, traceFlags: 1 };
  return {
    name: span.name,
    kind: SpanKind.INTERNAL,
    spanContext: () => ({ ...context, spanId }),
    ...(parentSpanId === undefined ? {} : { parentSpanContext: { ...context, spanId: parentSpanId } }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(Math.max(0, span.endMs - span.startMs)),
    status: failure === undefined ? { code: SpanStatusCode.OK } : { code: SpanStatusCode.ERROR, message: failure },
    attributes: { ...span.attributes },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function metricData(family: Family, sinceMs: number, atMs: number): MetricData {
  const { name, help: description } = family;
  const unit = name.endsWith("_seconds") ? "s" : name.endsWith("_bytes") ? "By" : "1";
  const descriptor = { name, description, unit, valueType: ValueType.DOUBLE };
  const aggregationTemporality = AggregationTemporality.CUMULATIVE;
  const times = { startTime: hrTime(sinceMs), endTime: hrTime(atMs) };
  if (family.kind === "histogram") {
    const dataPoints = family.samples.map(({ labels, counts, sum, count }) => {
      const buckets = { boundaries: [...family.bounds], counts: [...counts] };
      return { ...times, attributes: labels, value: { buckets, sum, count } };
    });
    return { descriptor, aggregationTemporality, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = family.samples.map(({ labels, value }) => ({ ...times, attributes: labels, value }));
  return family.kind === "gauge"
    ? { descriptor, aggregationTemporality, dataPointType: DataPointType.GAUGE, dataPoints }
    : { descriptor, aggregationTemporality, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
