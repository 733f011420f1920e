import { Buffer } from "node:buffer";
import type { Stored } from "./report.ts";

export interface OutcomeOutput {
  readonly to: string | undefined;
  readonly kind: string;
  readonly body: string;
}

export interface ReadOutcome {
  readonly epoch: string;
  readonly sequence: number;
  readonly result: "handled" | "dead-lettered";
  readonly version: string;
  readonly outputs: readonly OutcomeOutput[];
  /** Of a dead letter; empty texts where it does not say. */
  readonly deadLetter: { readonly code: string; readonly reason: string; readonly body: string } | undefined;
  readonly storedAtMs: number;
}

/** The place `<epoch>.<sequence>` that an outcome's subject names. */
export function placeOf(agent: string, subject: string): string {
  return subject.slice(`caxton.outcome.${agent}.`.length);
}

/** An outcome as it was stored, or undefined where it does not hold what it should or contradicts its subject. */
export function readOutcome(agent: string, stored: Stored): ReadOutcome | undefined {
  const outcome = parseRecord(stored.body);
  const { epoch, sequence, result, version, outputs } = outcome;
  if (outcome["agent"] !== agent || typeof epoch !== "string" || typeof sequence !== "number") return undefined;
  if (placeOf(agent, stored.subject) !== `${epoch}.${sequence}`) return undefined;
  if ((result !== "handled" && result !== "dead-lettered") || !Array.isArray(outputs)) return undefined;
  return {
    epoch,
    sequence,
    result,
    version: typeof version === "string" ? version : "",
    outputs: outputs.map(readOutput),
    deadLetter: outcome.deadLetter === undefined ? undefined : readDeadLetter(outcome.deadLetter),
    storedAtMs: stored.storedAtMs,
  };
}

function readDeadLetter(value: unknown): NonNullable<ReadOutcome["deadLetter"]> {
  const { code, reason, bodyBase64 } = toRecord(value);
  const text = (field: unknown): string => (typeof field === "string" ? field : "");
  return { code: text(code), reason: text(reason), body: Buffer.from(text(bodyBase64), "base64").toString() };
}

function readOutput(value: unknown): OutcomeOutput {
  const { to, kind, body } = toRecord(value);
  return {
    to: typeof to === "string" ? to : undefined,
    kind: typeof kind === "string" ? kind : "",
    body: typeof body === "string" ? body : "",
  };
}

/** An empty record where the text is no JSON object. */
export function parseRecord(text: string): OutcomeFields {
  try {
    return toRecord(JSON.parse(text));
  } catch {
    return {};
  }
}

interface OutcomeFields {
  readonly [name: string]: unknown;
  readonly epoch?: unknown;
  readonly sequence?: unknown;
  readonly result?: unknown;
  readonly version?: unknown;
  readonly outputs?: unknown;
  readonly deadLetter?: unknown;
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly bodyBase64?: unknown;
  readonly to?: unknown;
  readonly kind?: unknown;
  readonly body?: unknown;
}

function toRecord(value: unknown): OutcomeFields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
