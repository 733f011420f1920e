import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import { epochOf, Outcome } from "@caxton/contracts/outcome";
import { checker } from "@caxton/contracts/schema";
import { inboxStream, outcomeStream, outcomeSubject } from "@caxton/contracts/subjects";

const outcomeSchema = checker("outcome", Outcome);

export interface StoredOutcome {
  readonly outcome: Outcome;
  /** Its sequence in the stream of outcomes. */
  readonly position: number;
}

/** undefined where nothing was decided, or nothing is kept of it. */
export async function readOutcome(
  bus: Bus,
  agent: string,
  epoch: string,
  sequence: number,
): Promise<StoredOutcome | undefined> {
  const stored = await bus.streams.last(outcomeStream(agent), outcomeSubject(agent, epoch, sequence));
  return stored && { outcome: outcomeSchema.check(decodeJson(stored.data)), position: stored.sequence };
}

export interface Inbox {
  readonly epoch: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** @throws CaxtonError `unknown-agent` */
export async function readInbox(bus: Bus, agent: string): Promise<Inbox> {
  const info = await bus.streams.info(inboxStream(agent));
  if (info === undefined) throw new CaxtonError("unknown-agent", `agent ${agent} has no inbox; deploy it first`);
  const { firstSequence, lastSequence, createdAtMs } = info;
  return { epoch: epochOf(createdAtMs), firstSequence, lastSequence };
}

/** @throws CaxtonError `invalid-argument` for what no life of an inbox is called */
export function requireEpoch(typed: string): string {
  if (/^\d{1,15}$/.test(typed)) return typed;
  throw new CaxtonError(
    "invalid-argument",
    `'${typed.slice(0, 40)}' is no epoch: it is a number, such as 1764000000000`,
  );
}

/** @throws CaxtonError `invalid-argument` */
export function requireSequence(sequence: number): number {
  if (Number.isSafeInteger(sequence) && sequence >= 1) return sequence;
  throw new CaxtonError("invalid-argument", `sequence is ${sequence}; messages are numbered from 1`);
}
