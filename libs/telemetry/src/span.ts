/** A span that has ended, told from what is stored; ids as in `TraceContext`. */
export interface FinishedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** Unix ms. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Why it did not succeed. */
  readonly failure?: string;
}

/** Where spans go, where an exporter is configured. */
export interface SpanSink {
  /** Resolves when the collector has taken them. @throws CaxtonError `service-unavailable` */
  send(spans: readonly FinishedSpan[]): Promise<void>;
  /** Sent with others soon, or dropped when the collector cannot keep up. */
  offer(spans: readonly FinishedSpan[]): void;
}
