import type { Outcome } from "@caxton/contracts/outcome";
import type { ArmTally, ExperimentTally, Measure } from "@caxton/deployment/experiment";
import { isPathFault, type JsonPath, parseJsonPath, valueAt } from "@caxton/deployment/json-path";
import { noValues, withValue } from "@caxton/deployment/verdict/difference";
import type { Told } from "./told-by-outcome.ts";

const emptyArm: ArmTally = { ...noValues, messages: 0 };

/** What the two versions of an A/B test came to, message by message; nothing of a message is kept. */
export class ExperimentCount {
  readonly #measure: Measure;
  readonly #path: JsonPath;
  #stable = emptyArm;
  #candidate = emptyArm;
  #leftOut = 0;

  constructor(measure: Measure) {
    this.#measure = measure;
    const path = measure.kind === "mean" ? parseJsonPath(measure.path) : [];
    this.#path = isPathFault(path) ? [] : path;
  }

  get tally(): ExperimentTally {
    return { stable: this.#stable, candidate: this.#candidate, leftOut: this.#leftOut };
  }

  /** A message counts where the version that the split meant for it handled it at once; any other tells of trouble, not of the measure. */
  add(outcome: Outcome, told: Told): void {
    if (told.kind === "nothing") return;
    const isOwn = told.kind === "handled" || (told.kind === "stable" && !told.sample.failed);
    if (!isOwn || outcome.result !== "handled") this.#leftOut += 1;
    else if (told.kind === "handled") this.#candidate = counted(this.#candidate, this.#valueOf(outcome));
    else this.#stable = counted(this.#stable, this.#valueOf(outcome));
  }

  /** One for each message: the mean of what its outputs carry, or whether there is an output of the kind. */
  #valueOf({ outputs }: Outcome): number | undefined {
    const measure = this.#measure;
    if (measure.kind === "rate") return outputs.some(({ kind }) => kind === measure.output) ? 1 : 0;
    const values = outputs.flatMap(({ kind, body }) => {
      if (measure.output !== undefined && kind !== measure.output) return [];
      const value = valueAt(parsed(body), this.#path);
      return typeof value === "number" && Number.isFinite(value) ? [value] : [];
    });
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
  }
}

function counted(arm: ArmTally, value: number | undefined): ArmTally {
  const messages = arm.messages + 1;
  return value === undefined ? { ...arm, messages } : { ...withValue(arm, value), messages };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
