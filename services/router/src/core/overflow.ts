/** Most messages one router holds for an agent. */
export const window = 1_024;
/** What a version may hold however small its share, and all that one may hold that answers nothing. */
const leastCap = 64;
/** A canary that answers nothing is tried with one message at a time: what waited behind it would wait for its deadline each. */
const triedCap = 1;
/** Beyond its share of the window, so that chance alone fills no version up. */
const capOverShare = 1.5;
/** However large its share, there is room for another version. */
const largestCap = (window * 3) / 4;

/** A target of the route and how its version is doing at this router. */
export interface Place {
  readonly version: string;
  /** 0–1 */
  readonly share: number;
  /** On trial: it gets what the split means for it and nothing that others cannot take. */
  readonly canary: boolean;
  readonly lane: {
    /** Somebody answers, as far as is known. */
    readonly available: boolean;
    /** Nothing but timeouts, crashes and silence lately. */
    readonly troubled: boolean;
    /** It was troubled again a short time ago. */
    readonly resting: boolean;
    /** Messages that wait for it or are with it. */
    readonly held: number;
  };
}

/** Most messages a version may hold at this router, so that none takes the window from the others. */
export function capOf(place: Place, places: readonly Place[]): number {
  if (!places.some((other) => other !== place && other.share > 0)) return window;
  // Asked for every message: the clock that a rest needs is read only where there may be one.
  if (place.lane.troubled && place.canary) return place.lane.resting ? 0 : triedCap;
  if (place.lane.troubled) return leastCap;
  return Math.max(leastCap, Math.min(largestCap, Math.ceil(window * place.share * capOverShare)));
}

/**
 * Who takes a message that the split means for `meant`: that one while it is there and not full, else the largest other
 * that can (of equals the last, the oldest). A version that works but is full gives only to one with no smaller share.
 * Nobody gives to a canary: what it is not meant for must not depend on it. undefined where nobody can take it.
 */
export function takerOf<P extends Place>(meant: P, places: readonly P[]): P | undefined {
  return canTake(meant, places) ? meant : overflowOf(meant, places);
}

/** How many messages may be taken in without knowing whom they will be meant for. */
export function roomOf(places: readonly Place[], heldInAll: number): number {
  if (places.length === 0) return 0;
  let room = window - heldInAll;
  for (const place of places) {
    if (place.share === 0 && places.length > 1) continue;
    if (overflowOf(place, places) !== undefined) continue;
    if (!place.lane.available) return 0;
    room = Math.min(room, capOf(place, places) - place.lane.held);
  }
  return Math.max(0, room);
}

function canTake(place: Place, places: readonly Place[]): boolean {
  return place.lane.available && place.lane.held < capOf(place, places);
}

function overflowOf<P extends Place>(meant: P, places: readonly P[]): P | undefined {
  const unwell = !meant.lane.available || meant.lane.troubled;
  let best: P | undefined;
  for (const other of places) {
    if (other === meant || other.share === 0 || other.canary || !canTake(other, places)) continue;
    if (!unwell && other.share < meant.share) continue;
    if (best === undefined || other.share >= best.share) best = other;
  }
  return best;
}
