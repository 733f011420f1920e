import type { Stored } from "./report.ts";

export interface OutcomeOutput {
  readonly to: string | undefined;
  readonly kind: string;
  readonly body: string;
}

export interface ReadOutcome {
  readonly sequence: number;
  readonly result: "handled" | "dead-lettered";
  readonly version: string;
  readonly outputs: readonly OutcomeOutput[];
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
    sequence,
    result,
    version: typeof version === "string" ? version : "",
    outputs: outputs.map(readOutput),
    storedAtMs: stored.storedAtMs,
  };
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
  readonly to?: unknown;
  readonly kind?: unknown;
  readonly body?: unknown;
}

function toRecord(value: unknown): OutcomeFields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
