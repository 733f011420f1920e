/** So often may processes of a version end by themselves. */
const exitsMax = 3;
/** Who says nothing may only be slow: that takes so many times as long. */
const silenceFactor = 10;

export interface Lost {
  /** Since when, Unix ms. */
  readonly sinceMs: number;
  readonly reason: string;
}

/** What asking a version again and again says about whether anybody is there. Times are Unix ms. */
export class Absence {
  readonly #backAfterMs: number;
  #awaySinceMs: number | undefined;
  #silentSinceMs: number | undefined;
  #exits = 0;
  #lastExit = "";
  #lost: Lost | undefined;

  constructor(backAfterMs: number) {
    this.#backAfterMs = backAfterMs;
  }

  get isAway(): boolean {
    return this.#awaySinceMs !== undefined;
  }

  get lost(): Lost | undefined {
    return this.#lost;
  }

  /** One of its processes ended. */
  exited(reason: string): void {
    // One that was asked to stop.
    if (reason.startsWith("exited with 0")) return;
    this.#exits += 1;
    this.#lastExit = reason;
  }

  /** `unknown` where the bus could not say. */
  asked(found: "there" | "nobody" | "silence" | "unknown", askedAtMs: number, nowMs: number): void {
    if (found !== "nobody") this.#awaySinceMs = undefined;
    if (found === "there" || found === "unknown") this.#silentSinceMs = undefined;
    if (found === "nobody") this.#awaySinceMs ??= askedAtMs;
    if (found === "silence") this.#silentSinceMs ??= askedAtMs;
    this.#lost = this.#judge(nowMs);
  }

  #judge(nowMs: number): Lost | undefined {
    const backAfterMs = this.#backAfterMs;
    const last = this.#lastExit === "" ? "" : `; the last process of it: ${this.#lastExit}`;
    const lost = (sinceMs: number, what: string): Lost => ({ sinceMs, reason: `${what}${last}` });
    if (this.#awaySinceMs !== undefined && nowMs - this.#awaySinceMs >= backAfterMs)
      return lost(this.#awaySinceMs, `no instance of it was there for ${nowMs - this.#awaySinceMs} ms`);
    if (this.#silentSinceMs !== undefined && nowMs - this.#silentSinceMs >= backAfterMs * silenceFactor)
      return lost(this.#silentSinceMs, `no instance of it answered for ${nowMs - this.#silentSinceMs} ms`);
    return this.#exits < exitsMax ? undefined : lost(nowMs, `its processes ended ${this.#exits} times`);
  }
}
