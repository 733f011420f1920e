import type { Busy } from "@caxton/contracts/busy";
import type { EffectContext } from "./effect-context.ts";

/** A deployment that somebody busy keeps in line: what is told about it, and when its turn came. */
export class StandingInLine {
  readonly #context: EffectContext;
  readonly #of: { readonly deployment: string; readonly step: number };
  #isWaiting: boolean;

  constructor(deployment: string, context: EffectContext) {
    const { step = 0, waits } = context.state.deployments[deployment] ?? {};
    this.#context = context;
    this.#of = { deployment, step };
    // An orchestrator before this one may have said so.
    this.#isWaiting = waits?.step === step;
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  async refused({ place, waiting, reason }: Busy): Promise<void> {
    this.#isWaiting = true;
    await this.#context.tell({ type: "busy", ...this.#of, place, waiting, reason });
  }

  async turnCame(): Promise<void> {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    await this.#context.tell({ type: "turn-came", ...this.#of });
  }
}
