import type { LanePosition } from "./lanes.ts";

/** The first outcome that was passed over for a lane that has not passed it, by lane. */
export type Waiting = ReadonlyMap<string, number>;

interface Pass {
  /** The life of the stream of outcomes. */
  readonly epochMs: number;
  readonly beganMs: number;
  /** When it first came to where nothing more may go. */
  readonly endedMs: number | undefined;
  /** Everything up to here was looked at. */
  readonly to: number;
  readonly waiting: Waiting;
}

const againAfterMs = 60_000;
/** A look at all that is kept may take a tenth of the time. */
const againAfterTimes = 10;

/**
 * How far a ledger has looked through outcomes for such as may go. Those that are kept from between others are not looked at
 * again and again: where a lane kept them, when it has passed them; where they are dead letters, every so often.
 */
export class TrimProgress {
  #pass: Pass | undefined;

  /** Up to where nothing needs a look now. */
  seenTo(epochMs: number, lanes: readonly LanePosition[], nowMs: number): number {
    const pass = this.#pass;
    if (pass === undefined || pass.epochMs !== epochMs || isOld(pass, nowMs)) {
      this.#pass = { epochMs, beganMs: nowMs, endedMs: undefined, to: 0, waiting: new Map() };
    } else {
      const isPassed = ([lane, position]: readonly [string, number]): boolean =>
        lanes.every((one) => one.lane !== lane || one.position >= position);
      const passed = [...pass.waiting].filter(isPassed);
      const waiting = new Map([...pass.waiting].filter((one) => !isPassed(one)));
      this.#pass = { ...pass, to: Math.min(pass.to, ...passed.map(([, position]) => position - 1)), waiting };
    }
    return this.#pass?.to ?? 0;
  }

  /** @param isEnd there was nothing more to look at that could go */
  looked(to: number, waiting: Waiting, isEnd: boolean, nowMs: number): void {
    if (this.#pass === undefined) return;
    const endedMs = this.#pass.endedMs ?? (isEnd ? nowMs : undefined);
    this.#pass = { ...this.#pass, to, endedMs, waiting: new Map([...waiting, ...this.#pass.waiting]) };
  }
}

function isOld({ beganMs, endedMs }: Pass, nowMs: number): boolean {
  return endedMs !== undefined && nowMs - endedMs > Math.max(againAfterMs, againAfterTimes * (endedMs - beganMs));
}
