import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import type { Bus, StreamInfo } from "@caxton/bus/types";
import { hasCode, toCaxtonError } from "@caxton/contracts/errors";
import { epochOf, Outcome } from "@caxton/contracts/outcome";
import { RelayCheckpoint } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { inboxStream, outcomeStream, outcomeSubject, relayBucket } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { inboxBound, inboxRetentionMs, mayTrimOutcome, type TrimSettings } from "../core/trim-plan.ts";
import type { AgentBooks } from "./agent-books.ts";

export interface TrimmerOptions {
  readonly bus: Bus;
  readonly log: Logger;
  readonly agent: string;
  /** Those that are kept now. */
  readonly books: () => AgentBooks;
  readonly settings: TrimSettings;
  /** Between two looks where nothing was to be done, and between two steps. */
  readonly everyMs: number;
  readonly stepPauseMs: number;
}

const outcomeSchema = checker("outcome", Outcome);
const checkpointSchema = checker("relay checkpoint", RelayCheckpoint);

/** Takes away what is done and old enough, step by step, until `signal` aborts. Only the holder of the agent's lease runs it. */
export async function runTrimmer(options: TrimmerOptions, signal: AbortSignal): Promise<void> {
  const { log, agent, everyMs, stepPauseMs } = options;
  while (!signal.aborted) {
    let isMore = false;
    try {
      const inbox = await trimInbox(options, signal);
      const outcomes = await trimOutcomes(options, signal);
      isMore = inbox || outcomes;
    } catch (error) {
      const { code, message } = toCaxtonError(error);
      if (!hasCode(error, "wrong-sequence")) log.warn({ agent_id: agent, code }, `not trimmed: ${message}`);
    }
    await delay(isMore ? stepPauseMs : everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** @returns whether a step was made */
async function trimInbox({ bus, log, agent, books, settings }: TrimmerOptions, signal: AbortSignal): Promise<boolean> {
  const info = await bus.streams.info(inboxStream(agent));
  if (info === undefined) return false;
  const epoch = epochOf(info.createdAtMs);
  const room = { ...info, maxBytes: info.spec.maxBytes };
  const decidedBeforeMs = Date.now() - inboxRetentionMs(room, settings);
  let low = info.firstSequence - 1;
  let high = inboxBound(room, books().undecidedFrom(epoch), settings.stepMax);
  // Decided in the order they came, nearly: what is old enough ends somewhere.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const outcome = await bus.streams.last(outcomeStream(agent), outcomeSubject(agent, epoch, middle));
    // Without an outcome though it is decided: that was trimmed, so it is old.
    if (outcome === undefined || outcome.storedAtMs < decidedBeforeMs) low = middle;
    else high = middle - 1;
  }
  if (low < info.firstSequence || signal.aborted) return false;
  // The inbox may have been made again meanwhile.
  if ((await bus.streams.info(inboxStream(agent)))?.createdAtMs !== info.createdAtMs) return false;
  await bus.streams.purge(inboxStream(agent), { belowSequence: low + 1 });
  log.debug({ agent_id: agent, from: info.firstSequence, to: low }, "inbox trimmed");
  return true;
}

/** @returns whether a step was made */
async function trimOutcomes(options: TrimmerOptions, signal: AbortSignal): Promise<boolean> {
  const { bus, log, agent, settings } = options;
  const books = options.books();
  const info = await bus.streams.info(outcomeStream(agent));
  const inbox = await bus.streams.info(inboxStream(agent));
  if (info === undefined || inbox === undefined) return false;
  const bound = {
    inboxEpoch: epochOf(inbox.createdAtMs),
    inboxFirstSequence: inbox.firstSequence,
    readTo: Math.min(books.position, info.lastSequence, await relayedTo(bus, agent, info)),
    decidedBeforeMs: Date.now() - settings.outcomeRetentionMs,
  };
  const last = Math.min(bound.readTo, info.firstSequence + settings.stepMax - 1);
  let trimTo = 0;
  if (last < info.firstSequence) return false;
  const from = { fromSequence: info.firstSequence, epochMs: info.createdAtMs, signal };
  for await (const { sequence, data } of bus.streams.read(outcomeStream(agent), from)) {
    const outcome = readOutcome(data);
    if (sequence > last || outcome === undefined || !books.hasEntered(outcome)) break;
    if (!mayTrimOutcome({ position: sequence, outcome }, bound)) break;
    trimTo = sequence;
    if (sequence === last) break;
  }
  if (trimTo === 0 || signal.aborted) return false;
  const writtenTo = await books.writeDown(Math.trunc(info.createdAtMs));
  if (writtenTo < trimTo || (await bus.streams.info(outcomeStream(agent)))?.createdAtMs !== info.createdAtMs)
    return false;
  await bus.streams.purge(outcomeStream(agent), { belowSequence: trimTo + 1 });
  log.debug({ agent_id: agent, from: info.firstSequence, to: trimTo }, "outcomes trimmed");
  return true;
}

/** How far all lanes of the agent's relay have come; 0 where none was ever at work. */
async function relayedTo(bus: Bus, agent: string, { createdAtMs }: StreamInfo): Promise<number> {
  const bucket = await bus.kv(relayBucket);
  const keys = [`${agent}.outbox`, ...(await bucket.keys(`${agent}.to.*`))];
  const positions = await Promise.all(
    keys.map(async (key) => {
      const entry = await bucket.get(key);
      const checkpoint = entry && checkpointSchema.check(decodeJson(entry.value));
      return checkpoint?.outcomeEpochMs === Math.trunc(createdAtMs) ? checkpoint.outcomeSequence : 0;
    }),
  );
  return Math.min(...positions);
}

function readOutcome(data: Uint8Array): Outcome | undefined {
  try {
    const value = decodeJson(data);
    return outcomeSchema.matches(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
