import { TextFault } from "./problem.ts";

export interface Word {
  readonly text: string;
  readonly offset: number;
}

/** Numbers with what is attached to them, words, comparisons, and every other character by itself. */
const pattern = /[<>=]{1,2}|\d[\d.]*(?:%|[A-Za-z]+)?|[A-Za-z_][\w-]*|\S/gu;

/** A line taken word by word. */
export class Words {
  readonly #words: readonly Word[];
  readonly #end: number;
  #at = 0;

  constructor(text: string) {
    this.#words = [...text.matchAll(pattern)].map((match) => ({ text: match[0], offset: match.index }));
    this.#end = text.trimEnd().length;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#words.length;
  }

  get next(): Word | undefined {
    return this.#words[this.#at];
  }

  /** @throws TextFault at the line's end where `wanted` is missing */
  take(wanted: string, allowed: readonly string[] = []): Word {
    const word = this.next;
    if (word === undefined) throw new TextFault(this.#end, `${wanted} is missing`, allowed);
    this.#at += 1;
    return word;
  }
}
