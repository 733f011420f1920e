import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { LogEntry } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import { instant } from "./deployment.ts";
import type { Style } from "./style.ts";

/** One entry is one line: what an agent breaks into lines is joined, and control characters do not reach the terminal. */
export function logLine(entry: LogEntry, style: Style): string {
  const { level, version, source, messageId } = entry;
  const text = oneLine(entry.text);
  const grave = level === "error" ? style.bad(level.toUpperCase()) : level.toUpperCase();
  const about = messageId === "" ? "" : ` ${style.faint(`[${oneLine(messageId)}]`)}`;
  const who = source === "host" ? `${version} (host)` : version;
  const padding = " ".repeat(Math.max(0, 5 - level.length));
  return `${style.faint(instant(atMs(entry)))}  ${grave}${padding}  ${who}${about}  ${text}`;
}

export function logValue(entry: LogEntry): Record<string, unknown> {
  const { agent, version, instance, level, text, messageId, source, position } = entry;
  const message = messageId === "" ? {} : { messageId };
  return {
    at: new Date(atMs(entry)).toISOString(),
    agent,
    version,
    instance,
    level,
    text,
    ...message,
    source,
    position,
  };
}

function atMs({ at }: LogEntry): number {
  return at === undefined ? 0 : timestampMs(at);
}

function oneLine(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\r?\n\s*/g, " ⏎ ")
    .replaceAll(/\p{Cc}/gu, " ");
}
