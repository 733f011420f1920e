import type { Outcome, Output } from "@caxton/contracts/outcome";
import { type LanePosition, waitedForBy } from "./lanes.ts";

const day = 24 * 60 * 60 * 1000;

/** How long what is done is kept, in ms, and what one step may take. */
export interface TrimSettings {
  readonly inboxRetentionMs: number;
  readonly outcomeRetentionMs: number;
  readonly outboxRetentionMs: number;
  /** Beyond it the oldest outputs go, whatever their age. */
  readonly outboxKeptMaxBytes: number;
  /** Under pressure what is done goes after this time already. */
  readonly pressedRetentionMs: number;
  /** A stream is pressed when more than this share of a limit of its is used, 0 to 1. */
  readonly pressureShare: number;
  readonly stepMax: number;
}

export const defaultTrimSettings: TrimSettings = {
  inboxRetentionMs: day,
  outcomeRetentionMs: 7 * day,
  outboxRetentionMs: 7 * day,
  outboxKeptMaxBytes: 1024 ** 3,
  pressedRetentionMs: 10_000,
  pressureShare: 0.8,
  stepMax: 1_000,
};

/** What a stream holds. */
export interface Room {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly messages: number;
  readonly bytes: number;
  /** -1: no limit. */
  readonly maxBytes: number;
  readonly maxMessages?: number | undefined;
}

export function isPressed(
  { bytes, maxBytes, messages, maxMessages = Infinity }: Omit<Room, "firstSequence" | "lastSequence">,
  { pressureShare }: TrimSettings,
): boolean {
  return (maxBytes > 0 && bytes > maxBytes * pressureShare) || messages > maxMessages * pressureShare;
}

/** How long ago something must have been decided to go. */
export function keptForMs(retentionMs: number, pressed: boolean, settings: TrimSettings): number {
  return pressed ? Math.min(settings.pressedRetentionMs, retentionMs) : retentionMs;
}

/** The highest sequence that one step may take out of an inbox, were it old enough; below `firstSequence` where nothing may go. */
export function inboxBound(
  inbox: Pick<Room, "firstSequence" | "lastSequence">,
  undecidedFrom: number,
  stepMax: number,
): number {
  return Math.min(undecidedFrom - 1, inbox.lastSequence, inbox.firstSequence + stepMax - 1);
}

/**
 * The highest sequence that one step may take out of an outbox, were it old enough. The last output stays: it says how far
 * the relay came.
 * @param readTo durable consumers have acknowledged everything up to here
 */
export function outboxBound(
  outbox: Pick<Room, "firstSequence" | "lastSequence">,
  readTo: number,
  stepMax: number,
): number {
  return Math.min(outbox.lastSequence - 1, readTo, outbox.firstSequence + stepMax - 1);
}

/** How many of the oldest outputs have to go for the rest to fit, about. */
export function outboxExcess(
  { messages, bytes, maxBytes, maxMessages = Infinity }: Room,
  settings: TrimSettings,
): number {
  const keptMaxBytes =
    maxBytes > 0
      ? Math.min(settings.outboxKeptMaxBytes, maxBytes * settings.pressureShare)
      : settings.outboxKeptMaxBytes;
  const tooMany = messages - maxMessages * settings.pressureShare;
  const tooLarge = bytes <= keptMaxBytes ? 0 : (messages * (bytes - keptMaxBytes)) / bytes;
  return Math.ceil(Math.max(0, tooMany, tooLarge));
}

export interface OutcomePlace {
  readonly position: number;
  /** undefined where what is stored there cannot be read. */
  readonly outcome:
    | (Pick<Outcome, "epoch" | "sequence" | "decidedAtMs" | "result"> & {
        readonly outputs: readonly Pick<Output, "to">[];
      })
    | undefined;
}

/** What an outcome must have behind it before it may go. */
export interface OutcomeBound {
  readonly inboxEpoch: string;
  /** What lies below is no longer in the inbox and cannot be delivered again. */
  readonly inboxFirstSequence: number;
  readonly lanes: readonly LanePosition[];
  /** The ledger has read everything up to this position. */
  readonly readTo: number;
  readonly decidedBeforeMs: number;
  /** A dead letter that nobody has sent again is not done, whatever the pressure. */
  readonly lettersBeforeMs: number;
}

/** Those that keep one outcome and say nothing of the ones after it. */
export type SingleHold = "lane" | "dead-letter";
export type OutcomeHold = SingleHold | "unreadable" | "not-counted" | "in-inbox" | "young";

/** What keeps an outcome; undefined where it may go. */
export function outcomeHold({ position, outcome }: OutcomePlace, bound: OutcomeBound): OutcomeHold | undefined {
  if (outcome === undefined) return "unreadable";
  if (position > bound.readTo) return "not-counted";
  if (outcome.epoch === bound.inboxEpoch && outcome.sequence >= bound.inboxFirstSequence) return "in-inbox";
  if (outcome.decidedAtMs >= bound.decidedBeforeMs) return "young";
  if (waitedForBy(position, outcome.outputs, bound.lanes).length > 0) return "lane";
  if (outcome.result === "dead-lettered" && outcome.decidedAtMs >= bound.lettersBeforeMs) return "dead-letter";
  return undefined;
}

export function isSingle(hold: OutcomeHold | undefined): hold is SingleHold {
  return hold === "lane" || hold === "dead-letter";
}
