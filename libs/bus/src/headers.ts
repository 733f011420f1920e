import { CaxtonError } from "@caxton/contracts/errors";
import { MsgHdrsImpl, type MsgHdrs } from "@nats-io/nats-core";
import type { Headers } from "./types.ts";

const none: Headers = Object.freeze({});

export function fromNatsHeaders(headers: MsgHdrs | undefined): Headers {
  if (headers === undefined) return none;
  const result: Record<string, string> = {};
  for (const [name, values] of headers) result[name] = values[0] ?? "";
  return result;
}

const namePattern = /^[!-9;-~]+$/;
const lineEnd = /[\r\n]/;

/** As `Publication.headers`. @throws CaxtonError `invalid-argument` for what would not be one header */
export function headerText(headers: Headers | undefined): string {
  if (headers === undefined) return "";
  let text = "";
  for (const name of Object.keys(headers)) text += `${name}: ${requireHeader(name, headers[name] ?? "")}\r\n`;
  return text === "" ? "" : `NATS/1.0\r\n${text}\r\n`;
}

/** @throws CaxtonError `invalid-argument` for what would not be one header */
export function toNatsHeaders(headers: Headers | undefined): MsgHdrs | undefined {
  if (headers === undefined) return undefined;
  const result: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) result[name] = [requireHeader(name, value)];
  return MsgHdrsImpl.fromRecord(result);
}

function requireHeader(name: string, value: string): string {
  if (!namePattern.test(name)) throw new CaxtonError("invalid-argument", `'${name}' is no name of a header`);
  if (lineEnd.test(value)) throw new CaxtonError("invalid-argument", `header ${name} has more than one line`);
  return value.trim();
}
