import type { Limits } from "@caxton/deployment/state";
import Type from "./type.ts";

const mebibyte = 1024 * 1024;

export const VersionLimits = Type.Object(
  {
    memoryMaxBytes: Type.Integer({ minimum: 65_536, maximum: 4096 * mebibyte }),
    messageTimeoutMs: Type.Integer({ minimum: 1, maximum: 60_000 }),
    startTimeoutMs: Type.Integer({ minimum: 100, maximum: 60_000 }),
    outputMaxBytes: Type.Integer({ minimum: 1, maximum: 512 * 1024 }),
    p99MaxMs: Type.Number({ exclusiveMinimum: 0, maximum: 60_000 }),
  },
  { additionalProperties: false },
);

/** In force where a deployment does not say otherwise. */
export const defaultLimits: Limits = {
  memoryMaxBytes: 64 * mebibyte,
  messageTimeoutMs: 1_000,
  startTimeoutMs: 5_000,
  outputMaxBytes: 256 * 1024,
  p99MaxMs: 250,
};

/** Most processes of one version, over all hosts. */
export const instancesMax = 64;

/** Most messages that one instance works on at once; each has a thread and memories of its own. */
export const concurrencyMax = 16;

/** Largest component accepted, in bytes. */
export const artifactMaxBytes = 64 * mebibyte;

/** Largest command, in bytes. */
export const commandMaxBytes = 256 * 1024;

/** Largest message an inbox takes; below what an outcome must be able to hold (DESIGN.md, rule 1). */
export const inboxMessageMaxBytes = 256 * 1024;

/** Largest outcome: a dead letter holds the whole message, a handled one all outputs. */
export const outcomeMaxBytes = 900 * 1024;

/** An inbox is made to hold so many bytes, and refuses its producers beyond them. The server sets the room aside. */
export const inboxMaxBytes = 1024 * mebibyte;

/** Outcomes are made to hold so many bytes; beyond them nothing of the agent is decided until some are trimmed. */
export const outcomesMaxBytes = 2048 * mebibyte;

/** A message that went through this many agents goes no further. */
export const maxHops = 16;

/** How often an agent may fail on one message before it is dead-lettered. */
export const maxAttempts = 3;

/** Deliveries without any decision after which a message is dead-lettered as `undecided`. */
export const maxDeliveries = 1_000;
