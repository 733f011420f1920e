interface Report {
  readonly agesMs: readonly number[];
  /** How many the report before it had. */
  readonly before: number;
  readonly decidedBefore: number;
}

/**
 * Messages that are beyond a limit already and not answered yet, by who said so. What was not so in the report before does
 * not count yet, so that a moment in which a machine or the bus stands still is held against nobody. One that is decided
 * after it was last spoken of would count twice, so as many as were decided since the oldest report are left out.
 */
export class Overdue {
  readonly #reports = new Map<string, Report>();
  #decided = 0;

  /** How long each has been at the version, ms, the longest first. */
  get agesMs(): readonly number[] {
    if (this.#reports.size === 0) return [];
    const reports = [...this.#reports.values()];
    const decided = this.#decided - Math.min(...reports.map(({ decidedBefore }) => decidedBefore));
    const agesMs = reports.flatMap((report) => longest(report.agesMs).slice(0, report.before));
    return longest(agesMs).slice(decided);
  }

  /** Instead of what the same source said before. */
  say(source: string, agesMs: readonly number[]): void {
    const before = this.#reports.get(source)?.agesMs.length ?? 0;
    if (agesMs.length === 0) this.#reports.delete(source);
    else this.#reports.set(source, { agesMs, before, decidedBefore: this.#decided });
  }

  /** A message beyond the limit has its outcome. */
  decideOne(): void {
    this.#decided += 1;
  }
}

function longest(agesMs: readonly number[]): readonly number[] {
  return agesMs.toSorted((a, b) => b - a);
}
