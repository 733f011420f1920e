import { CaxtonError } from "@caxton/contracts/errors";
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo as NatsStreamInfo,
} from "@nats-io/jetstream";
import type { StreamSpec } from "@caxton/contracts/stream-spec";
import type { StreamInfo } from "./types.ts";

const nsPerMs = 1e6;
/** What a message is taken to need, where a limit in bytes has to be said as a number of messages. */
const bytesPerMessage = 512;

/**
 * The spec as this server can keep it. Before 2.10.6 nats-server counts only header and body against a byte limit, stores the
 * message, finds itself over the limit by its own overhead, and drops the oldest: of a stream that is to refuse what does
 * not fit, messages that nobody handled vanish (nats-server #4771, #4775; measured with 2.9.10: 400 acknowledged, 197 there).
 * A limit in messages it keeps exactly.
 */
export function keptBy(serverVersion: string, spec: StreamSpec): StreamSpec {
  if (spec.discard !== "new" || spec.maxBytes <= 0 || isFrom2106(serverVersion)) return spec;
  const maxMessages = Math.max(1, Math.floor(spec.maxBytes / bytesPerMessage));
  return { ...spec, maxBytes: -1, maxMessages: Math.min(maxMessages, spec.maxMessages ?? Infinity) };
}

function isFrom2106(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  return major > 2 || (major === 2 && (minor > 10 || (minor === 10 && patch >= 6)));
}

export function toStreamConfig(spec: StreamSpec): Partial<StreamConfig> & { readonly name: string } {
  return {
    name: spec.name,
    subjects: [...spec.subjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: spec.discard === "new" ? DiscardPolicy.New : DiscardPolicy.Old,
    max_bytes: spec.maxBytes,
    max_msgs: spec.maxMessages ?? -1,
    max_msg_size: spec.maxMessageBytes,
    max_age: (spec.maxAgeMs ?? 0) * nsPerMs,
    max_msgs_per_subject: spec.maxMessagesPerSubject ?? -1,
    duplicate_window: spec.duplicateWindowMs * nsPerMs,
  };
}

export function toStreamSpec(config: StreamConfig): StreamSpec {
  return {
    name: config.name,
    subjects: config.subjects,
    discard: config.discard === DiscardPolicy.New ? "new" : "old",
    maxBytes: config.max_bytes,
    ...(config.max_msgs > 0 ? { maxMessages: config.max_msgs } : {}),
    maxMessageBytes: config.max_msg_size ?? -1,
    ...(config.max_age > 0 ? { maxAgeMs: config.max_age / nsPerMs } : {}),
    ...(config.max_msgs_per_subject > 0 ? { maxMessagesPerSubject: config.max_msgs_per_subject } : {}),
    duplicateWindowMs: config.duplicate_window / nsPerMs,
  };
}

export function toStreamInfo(info: NatsStreamInfo): StreamInfo {
  return {
    name: info.config.name,
    createdAtMs: Date.parse(info.created),
    firstSequence: info.state.first_seq,
    lastSequence: info.state.last_seq,
    messages: info.state.messages,
    bytes: info.state.bytes,
    retention: info.config.retention,
    spec: toStreamSpec(info.config),
  };
}

/** The settings in which the two differ, in words; empty where they agree. */
export function specDifferences(wanted: StreamSpec, found: StreamSpec): readonly string[] {
  const words = (spec: StreamSpec): readonly string[] => [
    `subjects ${[...spec.subjects].toSorted().join(" ")}`,
    `discard ${spec.discard}`,
    `maxBytes ${spec.maxBytes}`,
    `maxMessages ${spec.maxMessages ?? -1}`,
    `maxMessageBytes ${spec.maxMessageBytes}`,
    `maxAgeMs ${spec.maxAgeMs ?? 0}`,
    `maxMessagesPerSubject ${spec.maxMessagesPerSubject ?? -1}`,
    `duplicateWindowMs ${spec.duplicateWindowMs}`,
  ];
  const there = words(found);
  return words(wanted)
    .map((word, at) => (word === there[at] ? "" : `wanted ${word}, found ${there[at]}`))
    .filter((difference) => difference !== "");
}

/** @throws CaxtonError `internal` where the server silently ignored a setting */
export function requireSpec(wanted: StreamSpec, found: StreamSpec): void {
  const differences = specDifferences(wanted, found);
  if (differences.length > 0) {
    throw new CaxtonError("internal", `stream ${wanted.name} is not as it was asked for: ${differences.join("; ")}`);
  }
}
