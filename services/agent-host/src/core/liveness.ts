/** What the machine says of a process's main thread. */
export interface ThreadTimes {
  /** Since it began. */
  readonly processorMs: number;
  /** It waits for a processor, or for the disk. */
  readonly wantsToRun: boolean;
}

export const pingEveryMs = 1_000;
/** Unanswered in a row; counted, so that a supervisor that stood still itself blames nobody. */
const missedMax = 5;
/** No machine is so busy that a process is waited for longer. */
const missedStarvingMax = 30;
/** Who had a processor for less than this share of the time, and wants one, does not hang: the machine has no time for it. */
const starvingShare = 0.5;

/** Whether a process that is pinged again and again hangs. */
export class Liveness {
  #missed = 0;
  #processorMs = 0;

  /** It said something. */
  heard(): void {
    this.#missed = 0;
  }

  /**
   * To be called every `pingEveryMs`, before the next ping.
   * @param times undefined where the machine does not tell
   * @returns why the process is to be ended; undefined where it is not
   */
  missed(times: ThreadTimes | undefined): string | undefined {
    if (this.#missed === 0) this.#processorMs = times?.processorMs ?? 0;
    this.#missed += 1;
    if (this.#missed <= missedMax) return undefined;
    const silentMs = (this.#missed - 1) * pingEveryMs;
    const said = `its main thread did not answer for ${silentMs} ms`;
    if (times === undefined) return said;
    const usedMs = times.processorMs - this.#processorMs;
    const isStarving = times.wantsToRun && usedMs < silentMs * starvingShare;
    if (isStarving && this.#missed <= missedStarvingMax) return undefined;
    return `${said}, in which it had a processor for ${Math.round(usedMs)} ms`;
  }
}
