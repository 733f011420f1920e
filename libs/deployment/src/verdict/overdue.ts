interface Report {
  readonly agesMs: readonly number[];
  readonly decidedBefore: number;
}

/**
 * Messages that are beyond a limit already and not answered yet, by who said so. One that is decided after it was last
 * spoken of would count twice, so as many as were decided since the oldest report are left out.
 */
export class Overdue {
  readonly #reports = new Map<string, Report>();
  #decided = 0;

  /** How long each has been at the version, ms, the longest first. */
  get agesMs(): readonly number[] {
    if (this.#reports.size === 0) return [];
    const reports = [...this.#reports.values()];
    const decided = this.#decided - Math.min(...reports.map(({ decidedBefore }) => decidedBefore));
    const agesMs = reports.flatMap((report) => report.agesMs).toSorted((a, b) => b - a);
    return agesMs.slice(decided);
  }

  /** Instead of what the same source said before. */
  say(source: string, agesMs: readonly number[]): void {
    if (agesMs.length === 0) this.#reports.delete(source);
    else this.#reports.set(source, { agesMs, decidedBefore: this.#decided });
  }

  /** A message beyond the limit has its outcome. */
  decideOne(): void {
    this.#decided += 1;
  }
}
