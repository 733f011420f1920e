import { CaxtonError } from "@caxton/contracts/errors";
import type { Logger } from "./logger.ts";
import type { OtlpSender } from "./otlp.ts";
import { otlpSettings } from "./otlp-settings.ts";
import { Metrics } from "./registry.ts";
import type { FinishedSpan, SpanSink } from "./span.ts";

export interface TelemetryOptions {
  readonly service: string;
  readonly id: string;
  readonly log: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Telemetry {
  readonly metrics: Metrics;
  /** Absent where spans go nowhere: nothing need be made of them. */
  readonly spans?: SpanSink;
  /** Sends what is left, for a second at most. */
  readonly close: () => Promise<void>;
}

const closeTimeoutMs = 1_000;
const batchEveryMs = 1_000;
const batchMax = 512;
const waitingMax = 4_096;

/**
 * Metrics of a process and, where an endpoint is set, where they and spans are sent. A collector that is away costs one
 * warning and what it does not take.
 * @throws CaxtonError `invalid-argument` for a setting that cannot be used
 */
export function startTelemetry({ service, id, log, environment }: TelemetryOptions): Telemetry {
  const metrics = new Metrics();
  const { tracesUrl, metricsUrl, metricsEveryMs, timeoutMs, serviceName } = otlpSettings(environment);
  if (tracesUrl === undefined && metricsUrl === undefined) return { metrics, close: () => Promise.resolve() };
  const sinceMs = Date.now();
  const destination = {
    ...(tracesUrl === undefined ? {} : { tracesUrl }),
    ...(metricsUrl === undefined ? {} : { metricsUrl }),
    serviceName: serviceName ?? `caxton-${service}`,
    serviceId: id,
    timeoutMs,
  };
  let loading: Promise<OtlpSender> | undefined;
  /** Loaded with the first thing to send: the packages take longer to load than a service takes to start. */
  function sender(): Promise<OtlpSender> {
    loading ??= import("./otlp.ts").then(({ otlpSender }) => otlpSender(destination));
    return loading;
  }

  const word = wordOf(log);
  const batches =
    tracesUrl === undefined ? undefined : new SpanBatches(sender, metrics, (error) => word("traces", error));

  async function push(): Promise<void> {
    if (metricsUrl === undefined) return;
    const families = await metrics.collect();
    const sent = sender().then((otlp) => otlp.sendMetrics(families, sinceMs, Date.now()));
    await sent.then(
      () => word("metrics"),
      (error: unknown) => word("metrics", error),
    );
  }

  const timer = setInterval(() => void push(), metricsEveryMs);
  timer.unref();
  return {
    metrics,
    ...(batches === undefined ? {} : { spans: batches }),
    async close() {
      clearInterval(timer);
      // Who never had anything to send need not load it to end.
      if (loading === undefined && batches?.isEmpty !== false) return;
      const last = Promise.all([push(), batches?.close()]).then(async () => (await sender()).close());
      await atMost(closeTimeoutMs, last);
    },
  };
}

/** One line when a collector goes away and one when it is back. */
function wordOf(log: Logger): (signal: string, error?: unknown) => void {
  const away = new Set<string>();
  return (signal, error) => {
    if (error === undefined) {
      if (away.delete(signal)) log.info({ signal }, `the collector takes ${signal} again`);
      return;
    }
    if (away.has(signal)) return;
    away.add(signal);
    const why = error instanceof Error ? error.message : "no reason given";
    log.warn(
      { event: "telemetry-not-sent", signal },
      `${signal} cannot be sent (${why}); nothing else is affected, is the collector running at OTEL_EXPORTER_OTLP_ENDPOINT?`,
    );
  };
}

class SpanBatches implements SpanSink {
  readonly #sender: () => Promise<OtlpSender>;
  readonly #dropped: ReturnType<Metrics["counter"]>;
  readonly #word: (error?: unknown) => void;
  readonly #waiting: FinishedSpan[] = [];
  readonly #timer: NodeJS.Timeout;
  #sending: Promise<void> = Promise.resolve();

  constructor(sender: () => Promise<OtlpSender>, metrics: Metrics, word: (error?: unknown) => void) {
    this.#sender = sender;
    this.#word = word;
    this.#dropped = metrics.counter("caxton_telemetry_spans_dropped_total", "Spans that no collector took.");
    this.#timer = setInterval(() => void this.#flush(), batchEveryMs);
    this.#timer.unref();
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  async send(spans: readonly FinishedSpan[]): Promise<void> {
    try {
      await (await this.#sender()).sendSpans(spans);
      this.#word();
    } catch (error) {
      this.#word(error);
      throw new CaxtonError("service-unavailable", "the trace collector did not take the spans", { cause: error });
    }
  }

  offer(spans: readonly FinishedSpan[]): void {
    const free = waitingMax - this.#waiting.length;
    this.#waiting.push(...spans.slice(0, free));
    if (spans.length > free) this.#dropped.add({}, spans.length - free);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flush();
  }

  /** One after the other: a slow collector is not asked twice at once. */
  #flush(): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0, batchMax);
        const isTaken = await this.send(batch).then(
          () => true,
          () => false,
        );
        if (isTaken) continue;
        this.#dropped.add({}, batch.length);
        return;
      }
    });
    return this.#sending;
  }
}

async function atMost(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
