import { cpus } from "node:os";
import { busyShare, type ProcessorTimes, smoothed } from "../core/batch.ts";

const lookEveryMs = 500;

/** How busy the processors of this machine are. */
export class Processors {
  #before = sums();
  #busyShare = 0;
  readonly #timer = setInterval(() => this.#look(), lookEveryMs).unref();

  /** 0–1, over the last seconds. What runs only where nobody else wants to (`nice`) leaves them free. */
  get busyShare(): number {
    return this.#busyShare;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = sums();
    this.#busyShare = smoothed(this.#busyShare, busyShare(this.#before, now));
    this.#before = now;
  }
}

function sums(): ProcessorTimes {
  const each = cpus().map(({ times }) => times);
  return {
    busyMs: each.reduce((sum, { user, sys, irq }) => sum + user + sys + irq, 0),
    freeMs: each.reduce((sum, { idle, nice }) => sum + idle + nice, 0),
  };
}
