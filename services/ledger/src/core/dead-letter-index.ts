import type { DeadLetterEntry, DeadLettersRequest } from "@caxton/contracts/dead-letters";
import type { Outcome } from "@caxton/contracts/outcome";

const reasonMaxCharacters = 200;

/** The dead letters that are kept, in stored order. */
export class DeadLetterIndex {
  #entries: DeadLetterEntry[] = [];

  /** Positions only grow; what is told again is not entered again. */
  enter(position: number, outcome: Outcome): void {
    const { deadLetter } = outcome;
    if (deadLetter === undefined || position <= (this.#entries.at(-1)?.position ?? 0)) return;
    this.#entries.push({
      epoch: outcome.epoch,
      sequence: outcome.sequence,
      position,
      code: deadLetter.code,
      reason: cut(deadLetter.reason),
      ...(outcome.version === undefined ? {} : { version: outcome.version }),
      attempts: outcome.attempts.length,
      decidedAtMs: outcome.decidedAtMs,
    });
  }

  /** Outcomes below this position are no longer kept. */
  trim(firstPosition: number): void {
    if ((this.#entries[0]?.position ?? firstPosition) >= firstPosition) return;
    this.#entries = this.#entries.filter(({ position }) => position >= firstPosition);
  }

  /** The stream of outcomes was made again. */
  clear(): void {
    this.#entries = [];
  }

  find(wanted: DeadLettersRequest): { readonly letters: readonly DeadLetterEntry[]; readonly total: number } {
    const fits = this.#entries.filter((entry) => doesFit(entry, wanted));
    const letters = wanted.afterPosition === undefined ? fits.slice(-wanted.limit) : fits.slice(0, wanted.limit);
    return { letters, total: fits.length };
  }
}

function doesFit(entry: DeadLetterEntry, wanted: DeadLettersRequest): boolean {
  const { code, version, epoch, sinceMs = 0, afterPosition = 0 } = wanted;
  return (
    entry.position > afterPosition &&
    entry.decidedAtMs >= sinceMs &&
    (code === undefined || entry.code === code) &&
    (epoch === undefined || entry.epoch === epoch) &&
    (version === undefined || entry.version?.startsWith(version) === true)
  );
}

function cut(text: string): string {
  return text.length <= reasonMaxCharacters ? text : `${text.slice(0, reasonMaxCharacters - 1)}…`;
}
