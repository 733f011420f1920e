import { headers as newHeaders, type MsgHdrs } from "@nats-io/transport-node";
import type { Headers } from "./types.ts";

const none: Headers = Object.freeze({});

export function fromNatsHeaders(headers: MsgHdrs | undefined): Headers {
  if (headers === undefined) return none;
  const result: Record<string, string> = {};
  for (const [name, values] of headers) result[name] = values[0] ?? "";
  return result;
}

export function toNatsHeaders(headers: Headers | undefined): MsgHdrs | undefined {
  if (headers === undefined) return undefined;
  const result = newHeaders();
  for (const [name, value] of Object.entries(headers)) result.set(name, value);
  return result;
}
