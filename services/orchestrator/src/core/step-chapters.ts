import { type Attributes, type Chapter, endOf, type OpenChapter } from "./chapter.ts";

/** Where a deployment's messages are: at one step after the other, and what keeps it there beyond its time. */
export class StepChapters {
  #step: OpenChapter | undefined;
  #wait: OpenChapter | undefined;
  #waits = 0;

  get isOpen(): boolean {
    return this.#step !== undefined;
  }

  /** Ends the step before. */
  begin(step: OpenChapter): readonly Chapter[] {
    const before = this.end(step.startMs);
    this.#step = step;
    return before;
  }

  note(attributes: Attributes): void {
    if (this.#step !== undefined)
      this.#step = { ...this.#step, attributes: { ...this.#step.attributes, ...attributes } };
  }

  /** From now on it stays where it is for the reason that `name` says. */
  wait(name: string, atMs: number, attributes: Attributes): readonly Chapter[] {
    const before = this.endWait(atMs);
    if (this.#step === undefined) return before;
    this.#waits += 1;
    const { id: parent } = this.#step;
    this.#wait = { id: `${parent}/${name}/${this.#waits}`, name, parent, startMs: atMs, attributes };
    return before;
  }

  endWait(atMs: number): readonly Chapter[] {
    const wait = this.#wait;
    this.#wait = undefined;
    return wait === undefined ? [] : [endOf(wait, atMs)];
  }

  end(atMs: number, failure?: string): readonly Chapter[] {
    const wait = this.endWait(atMs);
    const step = this.#step;
    this.#step = undefined;
    return step === undefined ? wait : [...wait, endOf(step, atMs, failure)];
  }
}
