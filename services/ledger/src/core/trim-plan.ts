/** How long what is done is kept, in ms, and what one step may take. */
export interface TrimSettings {
  readonly inboxRetentionMs: number;
  readonly outcomeRetentionMs: number;
  /** Under pressure what is done goes after this time already. */
  readonly pressedRetentionMs: number;
  /** An inbox is pressed when more than this share of its byte limit is used, 0 to 1. */
  readonly pressureShare: number;
  readonly stepMax: number;
}

export const defaultTrimSettings: TrimSettings = {
  inboxRetentionMs: 24 * 60 * 60 * 1000,
  outcomeRetentionMs: 7 * 24 * 60 * 60 * 1000,
  pressedRetentionMs: 10_000,
  pressureShare: 0.8,
  stepMax: 1_000,
};

export interface InboxRoom {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly bytes: number;
  /** -1: no limit. */
  readonly maxBytes: number;
}

/** The highest sequence that one step may take out of an inbox, were it old enough; below `firstSequence` where nothing may go. */
export function inboxBound(inbox: InboxRoom, undecidedFrom: number, stepMax: number): number {
  return Math.min(undecidedFrom - 1, inbox.lastSequence, inbox.firstSequence + stepMax - 1);
}

/** How long ago a message must have been decided to leave the inbox. */
export function inboxRetentionMs({ bytes, maxBytes }: InboxRoom, settings: TrimSettings): number {
  const isPressed = maxBytes > 0 && bytes > maxBytes * settings.pressureShare;
  return isPressed ? Math.min(settings.pressedRetentionMs, settings.inboxRetentionMs) : settings.inboxRetentionMs;
}

export interface OutcomePlace {
  readonly position: number;
  /** undefined where what is stored there cannot be read. */
  readonly outcome: { readonly epoch: string; readonly sequence: number; readonly decidedAtMs: number } | undefined;
}

/** What an outcome must have behind it before it may go. */
export interface OutcomeBound {
  readonly inboxEpoch: string;
  /** What lies below is no longer in the inbox and cannot be delivered again. */
  readonly inboxFirstSequence: number;
  /** Every reader has read up to this position. */
  readonly readTo: number;
  readonly decidedBeforeMs: number;
}

export function mayTrimOutcome({ position, outcome }: OutcomePlace, bound: OutcomeBound): boolean {
  if (outcome === undefined || position > bound.readTo || outcome.decidedAtMs >= bound.decidedBeforeMs) return false;
  return outcome.epoch !== bound.inboxEpoch || outcome.sequence < bound.inboxFirstSequence;
}
