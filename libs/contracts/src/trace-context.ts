import { createHash } from "node:crypto";

/** Whose child a span is. */
export interface TraceContext {
  /** 32 hex digits, not all zero. */
  readonly traceId: string;
  /** 16 hex digits, not all zero. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** What travels: as headers on the bus and over HTTP, as fields of what is stored. */
export interface SentTrace {
  readonly traceparent?: string;
  /** What other tracers keep with the trace; ours is none. */
  readonly tracestate?: string;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const sampledFlag = 1;
const traceparentMaxCharacters = 100;
/** What everybody must carry on at least; more is not, https://www.w3.org/TR/trace-context/#tracestate-limits */
export const tracestateMaxCharacters = 512;
const tracestateText = /^[\x20-\x7e\t]+$/;

/** undefined where the text is no trace context, https://www.w3.org/TR/trace-context/#traceparent-header */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length > traceparentMaxCharacters) return undefined;
  const [, version, traceId, spanId, flags, more] = pattern.exec(text) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 };
}

export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** What of a sender's trace is carried on: nothing where its traceparent is none, no tracestate that is too long. */
export function sentTrace(sent: {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}): SentTrace {
  const context = parseTraceparent(sent.traceparent);
  if (context === undefined) return {};
  const traceparent = traceparentOf(context);
  const tracestate = sent.tracestate?.trim() ?? "";
  const isCarried = tracestate.length <= tracestateMaxCharacters && tracestateText.test(tracestate);
  return isCarried ? { traceparent, tracestate } : { traceparent };
}

/** The same names give the same id, so that who tells of a span again tells of the same one. */
export function spanIdOf(...names: readonly (string | number)[]): string {
  return digest(names).slice(0, 16);
}

export function traceIdOf(...names: readonly (string | number)[]): string {
  return digest(names).slice(0, 32);
}

function digest(names: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(names)).digest("hex");
}
