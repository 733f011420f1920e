import { join } from "node:path";
import process from "node:process";
import type { AgentStreamSettings } from "@caxton/bus/agent-streams";
import { CaxtonError } from "@caxton/contracts/errors";

export interface IntegerBounds {
  readonly unlessGiven: number;
  readonly min: number;
  readonly max: number;
}

/** A whole number from the environment. @throws CaxtonError `invalid-argument` naming the variable, its value and its bounds */
export function integerFrom(name: string, { unlessGiven, min, max }: IntegerBounds): number {
  const text = process.env[name];
  if (text === undefined || text === "") return unlessGiven;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new CaxtonError("invalid-argument", `${name} is '${text}'; it takes a whole number from ${min} to ${max}`);
}

/** Where prepared components are kept; the validator and the agent-host of one machine share it. */
export function cacheDirFromEnvironment(): string {
  return process.env["CAXTON_CACHE_DIR"] ?? join(process.cwd(), ".caxton", "cache");
}

const longestMs = 24 * 60 * 60 * 1000;

/** How long a prepared component stays that no version names any more: `CAXTON_CACHE_RETENTION_MS`, a week unless given. */
export function cacheRetentionFromEnvironment(): number {
  return integerFrom("CAXTON_CACHE_RETENTION_MS", { unlessGiven: 7 * longestMs, min: 1_000, max: 365 * longestMs });
}

/** How long an artifact stays that no deployment needs: `CAXTON_ARTIFACT_RETENTION_MS`, 30 days unless given. */
export function artifactRetentionFromEnvironment(): number {
  return integerFrom("CAXTON_ARTIFACT_RETENTION_MS", {
    unlessGiven: 30 * longestMs,
    min: 1_000,
    max: 3650 * longestMs,
  });
}

const bytes = { min: 65_536, max: 2 ** 50 };

/** How streams of agents are made, where `CAXTON_DUPLICATE_WINDOW_MS` and `CAXTON_…_MAX_BYTES` do not say otherwise. */
export function agentStreamsFromEnvironment(unlessGiven: AgentStreamSettings): AgentStreamSettings {
  const { duplicateWindowMs, inboxMaxBytes, outcomesMaxBytes, outboxMaxBytes } = unlessGiven;
  return {
    duplicateWindowMs: integerFrom("CAXTON_DUPLICATE_WINDOW_MS", {
      unlessGiven: duplicateWindowMs,
      min: 100,
      max: longestMs,
    }),
    inboxMaxBytes: integerFrom("CAXTON_INBOX_MAX_BYTES", { ...bytes, unlessGiven: inboxMaxBytes }),
    outcomesMaxBytes: integerFrom("CAXTON_OUTCOME_MAX_BYTES", { ...bytes, unlessGiven: outcomesMaxBytes }),
    outboxMaxBytes: integerFrom("CAXTON_OUTBOX_MAX_BYTES", { ...bytes, unlessGiven: outboxMaxBytes }),
  };
}

/** What an agent-host bears, where it is given: `CAXTON_HOST_MEMORY_BYTES`, `CAXTON_STARTS_AT_ONCE`. @throws CaxtonError `invalid-argument` */
export function hostLimitsFromEnvironment(): { readonly memoryMaxBytes?: number; readonly maxStarting?: number } {
  const memoryMaxBytes = integerFrom("CAXTON_HOST_MEMORY_BYTES", { unlessGiven: 0, min: 2 ** 27, max: 2 ** 50 });
  const maxStarting = integerFrom("CAXTON_STARTS_AT_ONCE", { unlessGiven: 0, min: 1, max: 1_000 });
  return { ...(memoryMaxBytes === 0 ? {} : { memoryMaxBytes }), ...(maxStarting === 0 ? {} : { maxStarting }) };
}

/** How many a validator works on at once: `CAXTON_VALIDATIONS_AT_ONCE`. @throws CaxtonError `invalid-argument` */
export function validationsFromEnvironment(unlessGiven: number): number {
  return integerFrom("CAXTON_VALIDATIONS_AT_ONCE", { unlessGiven, min: 1, max: 64 });
}

/** Most deployments of one agent that may wait in line: `CAXTON_MAX_QUEUED`. @throws CaxtonError `invalid-argument` */
export function maxQueuedFromEnvironment(unlessGiven: number): number {
  return integerFrom("CAXTON_MAX_QUEUED", { unlessGiven, min: 0, max: 10_000 });
}

/** Of the messages that come without a trace, how many are given one, 0 to 1: `CAXTON_TRACE_RATIO`. @throws CaxtonError `invalid-argument` */
export function traceShareFromEnvironment(): number {
  const text = process.env["CAXTON_TRACE_RATIO"]?.trim() ?? "";
  if (text === "") return 0;
  const value = Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new CaxtonError(
    "invalid-argument",
    `CAXTON_TRACE_RATIO is '${text}'; it takes a number from 0 (no trace is made up) to 1 (every message has one)`,
  );
}

/** Where a service tells its health: `CAXTON_HEALTH_PORT` and `CAXTON_HEALTH_HOST`; undefined where no port is given. */
export function healthAddressFromEnvironment(): { readonly host: string; readonly port: number } | undefined {
  const port = integerFrom("CAXTON_HEALTH_PORT", { unlessGiven: -1, min: 0, max: 65_535 });
  return port < 0 ? undefined : { host: process.env["CAXTON_HEALTH_HOST"] ?? "127.0.0.1", port };
}
