import { CaxtonError } from "@caxton/contracts/errors";
import { formatPosition } from "./position.ts";
import type { NewEvent, RecordedEvent } from "./port.ts";

/** What one append is on disk; stream sequences have gaps, so it says itself which revisions it holds. */
export interface AppendRecord {
  readonly firstRevision: number;
  readonly events: readonly NewEvent[];
}

export function encodeRecord(record: AppendRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/** @throws CaxtonError `internal` where the bytes are no append of ours */
export function decodeRecord(data: Uint8Array, where: string): AppendRecord {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
    if (isRecord(value)) return value;
  } catch (error) {
    throw new CaxtonError("internal", `${where} is no append of the event store`, { cause: error });
  }
  throw new CaxtonError("internal", `${where} is no append of the event store`);
}

export function toRecorded(
  record: AppendRecord,
  stream: string,
  sequence: number,
  recordedAtMs: number,
): RecordedEvent[] {
  return record.events.map((event, index) => ({
    ...event,
    stream,
    revision: record.firstRevision + index,
    position: formatPosition({ sequence, index }),
    recordedAtMs,
  }));
}

export function lastRevision(record: AppendRecord): number {
  return record.firstRevision + record.events.length - 1;
}

function isRecord(value: unknown): value is AppendRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "firstRevision" in value &&
    typeof value.firstRevision === "number" &&
    "events" in value &&
    Array.isArray(value.events)
  );
}
