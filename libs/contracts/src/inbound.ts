import type { RunMessage } from "./agent-run.ts";
import { header } from "./subjects.ts";
import { sentTrace, type SentTrace } from "./trace-context.ts";
import { ownMessageTrace } from "./trace-spans.ts";

/** A message as it lies in an inbox, seen without the bus. */
export interface Inbound {
  readonly agent: string;
  readonly epoch: string;
  readonly sequence: number;
  /** The producer's id, else `<epoch>/<sequence>`. */
  readonly messageId: string;
  /** Names the message for ever towards the agent: `<epoch>/<sequence>`. */
  readonly id: string;
  readonly kind?: string;
  readonly conversation?: string;
  readonly hops: number;
  readonly trace: SentTrace;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
  /** undefined where the bytes are not UTF-8. */
  readonly body: string | undefined;
  readonly receivedAtMs: number;
  readonly deliveryCount: number;
}

interface Raw {
  readonly sequence: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
  readonly storedAtMs: number;
  readonly deliveryCount: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Longer ids are not carried on: an outcome must have room for the message itself. */
const idMaxCharacters = 512;

/** @param traceShare of the messages that came without a trace, this share (0–1) is given one */
export function inboundOf(agent: string, epoch: string, raw: Raw, traceShare = 0): Inbound {
  const id = `${epoch}/${raw.sequence}`;
  const given = raw.headers[header.messageId];
  const kind = raw.headers[header.kind];
  const conversation = raw.headers[header.conversation];
  const messageId = given === undefined || given === "" || given.length > idMaxCharacters ? id : given;
  const place = { agent, epoch, sequence: raw.sequence, messageId };
  return {
    ...place,
    id,
    ...(kind === undefined ? {} : { kind }),
    ...(conversation === undefined ? {} : { conversation }),
    trace: traceOf(raw.headers, place, traceShare),
    hops: hopsOf(raw.headers[header.hops]),
    headers: raw.headers,
    data: raw.data,
    body: textOf(raw.data),
    receivedAtMs: raw.storedAtMs,
    deliveryCount: raw.deliveryCount,
  };
}

function traceOf(headers: Raw["headers"], place: Parameters<typeof ownMessageTrace>[0], traceShare: number): SentTrace {
  const sent = sentTrace({ traceparent: headers[header.traceparent], tracestate: headers[header.tracestate] });
  return sent.traceparent === undefined ? ownMessageTrace(place, traceShare) : sent;
}

/** What keeps a message with one version. */
export function splitKey(message: Inbound): string {
  return message.conversation ?? message.messageId;
}

/** As a version is asked for it; `body` is what `inbound.body` is where there is text. */
export function runMessage(
  { id, kind, conversation, trace }: Pick<Inbound, "id" | "kind" | "conversation"> & Partial<Pick<Inbound, "trace">>,
  body: string,
  index: number,
): RunMessage {
  return {
    index,
    id,
    body,
    ...(kind === undefined ? {} : { kind }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(trace?.traceparent === undefined ? {} : { traceparent: trace.traceparent }),
  };
}

function hopsOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : 0;
}

function textOf(data: Uint8Array): string | undefined {
  try {
    return decoder.decode(data);
  } catch {
    return undefined;
  }
}
