import type { Place } from "./document.ts";
import { nearest } from "./nearest.ts";
import { type Problem, TextFault } from "./problem.ts";

/** Every problem that is found on the way through a text, each with its place. */
export class Findings {
  readonly #problems: Problem[] = [];

  /** In the order of the text. */
  get problems(): readonly Problem[] {
    return this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  error(at: Place, message: string, more: Partial<Pick<Problem, "allowed" | "nearest" | "code">> = {}): undefined {
    this.#problems.push({ severity: "error", code: "invalid-deployment-file", ...at, message, allowed: [], ...more });
  }

  warning(at: Place, message: string): void {
    this.#problems.push({ severity: "warning", code: "invalid-deployment-file", ...at, message, allowed: [] });
  }

  /** A word that stands for nothing here. */
  unknown(at: Place, written: string, what: string, allowed: readonly string[]): undefined {
    const meant = nearest(written, allowed);
    this.error(at, `'${written}' is no ${what}`, { allowed, ...(meant === undefined ? {} : { nearest: meant }) });
  }

  /** What the reader of a small text makes of it; what it leaves off at is a problem at its place. */
  attempt<Value>({ line, column }: Place, read: () => Value): Value | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof TextFault)) throw error;
      const { offset, message, allowed, nearest: meant } = error;
      const place = { line, column: column + offset };
      return this.error(place, message, { allowed, ...(meant === undefined ? {} : { nearest: meant }) });
    }
  }
}
