import { canonicalJson } from "@caxton/contracts/fingerprint";
import type { ValidateRequest, ValidationReport } from "@caxton/contracts/validation";

const maxVerdicts = 256;

/**
 * Reports of what passed, by everything that they depend on. Kept in memory only: what was measured holds for this machine
 * and this program.
 */
export class Verdicts {
  readonly #known = new Map<string, ValidationReport>();

  get(request: ValidateRequest): ValidationReport | undefined {
    return this.#known.get(keyOf(request));
  }

  /** Keeps a report that would be the same another time: passed, and compatible by proof, not by messages of today's inbox. */
  set(request: ValidateRequest, report: ValidationReport): void {
    const compatible = report.contracts?.compatible;
    if (!report.passed || (compatible !== "yes" && compatible !== "first")) return;
    const key = keyOf(request);
    this.#known.delete(key);
    this.#known.set(key, report);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxVerdicts && oldest !== undefined) this.#known.delete(oldest);
  }
}

function keyOf({ digest, configuration, limits, live, allowBreaking }: ValidateRequest): string {
  return canonicalJson([digest, configuration, limits, live?.digest ?? null, allowBreaking !== undefined]);
}
