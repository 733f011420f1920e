import { placeKeptMs } from "@caxton/contracts/busy";

export interface Place {
  /** From 1. */
  readonly place: number;
  readonly waiting: number;
}

/**
 * Those that were refused, in the order in which they came. Each asks again and again; who does not is out of the line.
 * Nothing else is known of them, so nobody has to say that he left.
 */
export class WaitingLine {
  readonly #askedAtMs = new Map<string, number>();

  /** The place of one that asks, who joins at the end where he is new. @param now ms */
  placeOf(key: string, now: number): Place {
    for (const [waiting, askedAtMs] of this.#askedAtMs)
      if (waiting !== key && askedAtMs + placeKeptMs < now) this.#askedAtMs.delete(waiting);
    // Whose entry is there keeps its place.
    this.#askedAtMs.set(key, now);
    return { place: [...this.#askedAtMs.keys()].indexOf(key) + 1, waiting: this.#askedAtMs.size };
  }

  leave(key: string): void {
    this.#askedAtMs.delete(key);
  }
}
