/** What a thread may log in the long run, and at once after it was quiet. */
export const logAllowance = {
  linesPerSecond: 200,
  burstLines: 1_000,
  bytesPerSecond: 32 * 1024,
  burstBytes: 256 * 1024,
} as const;

/** Bounds how fast an agent may log, so that one that logs in a loop costs its host and the bus next to nothing. */
export class LogAllowance {
  readonly #now: () => number;
  #lines: number = logAllowance.burstLines;
  #bytes: number = logAllowance.burstBytes;
  #atMs: number;

  /** @param now Unix ms */
  constructor(now: () => number) {
    this.#now = now;
    this.#atMs = now();
  }

  /** Whether a line of so many bytes is still allowed; where it is, it is counted. */
  take(bytes: number): boolean {
    const nowMs = this.#now();
    const passedSeconds = Math.max(0, nowMs - this.#atMs) / 1_000;
    this.#atMs = nowMs;
    this.#lines = Math.min(logAllowance.burstLines, this.#lines + passedSeconds * logAllowance.linesPerSecond);
    this.#bytes = Math.min(logAllowance.burstBytes, this.#bytes + passedSeconds * logAllowance.bytesPerSecond);
    if (this.#lines < 1 || this.#bytes < bytes) return false;
    this.#lines -= 1;
    this.#bytes -= bytes;
    return true;
  }
}
