import type { CaxtonError } from "@caxton/contracts/errors";
import type { RelayLaneStatus } from "@caxton/contracts/lane-status";

/** What one lane of the relay says of itself. */
export class LaneState {
  /** `outbox`, or the agent whose inbox it is. */
  readonly target: string;
  #waitsFor: RelayLaneStatus["waitsFor"];
  #done = (): number => 0;

  constructor(target: string) {
    this.target = target;
  }

  /** The code of what it waits for, while it does. */
  get waitsFor(): string | undefined {
    return this.#waitsFor?.code;
  }

  /** How far everything is done, from now on. */
  follow(done: () => number): void {
    this.#done = done;
  }

  /** @returns whether this is news */
  waits({ code, message }: CaxtonError): boolean {
    const isNews = this.#waitsFor?.code !== code;
    this.#waitsFor = { code, message, sinceMs: isNews ? Date.now() : (this.#waitsFor?.sinceMs ?? Date.now()) };
    return isNews;
  }

  /** @returns whether it waited */
  goesOn(): boolean {
    const waited = this.#waitsFor !== undefined;
    this.#waitsFor = undefined;
    return waited;
  }

  status(lastOutcomeSequence: number): RelayLaneStatus {
    const behind = Math.max(0, lastOutcomeSequence - this.#done());
    const waitsFor = this.#waitsFor;
    return { target: this.target, behind, ...(waitsFor === undefined ? {} : { waitsFor }) };
  }
}
