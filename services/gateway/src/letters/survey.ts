import { decodeJson } from "@caxton/bus/json";
import type { Bus, StreamInfo } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import type { Outcome } from "@caxton/contracts/outcome";
import { type RedriveRecord, redriveRecord } from "@caxton/contracts/redrive";
import { outcomeStream, redriveBucket, redriveKey } from "@caxton/contracts/subjects";
import type { Deployment } from "@caxton/deployment/state";
import { redrivable } from "@caxton/service/letters/redrivable";
import { type Inbox, readInbox } from "@caxton/service/letters/stored-outcome";
import { positionAt } from "@caxton/service/position-at";

export type Becomes = "redrive" | "redriven" | "gone";

export interface Surveyed {
  readonly position: number;
  readonly outcome: Outcome;
  readonly becomes: Becomes;
}

/** A deployment whose version's messages may be handled again. */
export type TakenBack = Deployment & { readonly version: string };

/** @throws CaxtonError `not-allowed-now`, `nothing-to-redrive` */
export function requireTakenBack(deployment: Deployment): TakenBack {
  const { deployment: id, state, version } = deployment;
  if (state !== "RolledBack") {
    throw new CaxtonError("not-allowed-now", `deployment ${id} is ${state}; a redrive is of one that was rolled back`);
  }
  if (version !== undefined) return { ...deployment, version };
  throw new CaxtonError("nothing-to-redrive", `deployment ${id} was taken back before it had a version`);
}

/** What a redrive would do with each message, in the order they were decided; changes nothing. */
export async function* survey(
  bus: Bus,
  { deployment, agent, version, validatedAtMs = 0 }: TakenBack,
  failedOnly: boolean,
  signal: AbortSignal,
): AsyncGenerator<Surveyed, void> {
  const name = outcomeStream(agent);
  const outcomes = await bus.streams.info(name);
  if (outcomes === undefined) return;
  const inbox = await readInbox(bus, agent);
  const record = await readRecord(bus, agent, deployment, outcomes);
  const fromPosition = await positionAt(bus.streams, name, validatedAtMs);
  const range = { fromPosition, outcomeEpochMs: outcomes.createdAtMs, signal };
  for await (const { position, outcome } of redrivable(bus, agent, version, range)) {
    if (failedOnly && outcome.result === "handled") continue;
    yield { position, outcome, becomes: becomes(position, outcome, inbox, record) };
  }
}

async function readRecord(
  bus: Bus,
  agent: string,
  deployment: string,
  { createdAtMs }: StreamInfo,
): Promise<RedriveRecord | undefined> {
  const entry = await (await bus.kv(redriveBucket)).get(redriveKey(agent, deployment));
  const record = entry && redriveRecord.check(decodeJson(entry.value));
  return record?.outcomeEpochMs === createdAtMs ? record : undefined;
}

/** A dead letter holds its message; one that was handled is sent again out of the inbox. */
function becomes(position: number, outcome: Outcome, inbox: Inbox, record: RedriveRecord | undefined): Becomes {
  const isHandled = outcome.result === "handled";
  const doneTo = (isHandled ? record?.handledTo : record?.failedTo) ?? 0;
  if (position <= doneTo) return "redriven";
  const isKept = outcome.epoch === inbox.epoch && outcome.sequence >= inbox.firstSequence;
  return isHandled && !isKept ? "gone" : "redrive";
}
