import type { SavedSequences } from "@caxton/contracts/ledger-checkpoint";

const pageBits = 65_536;
const wordBits = 32;

interface Page {
  count: number;
  /** undefined: every sequence of the page is in, and no memory is spent on it. */
  words: Uint32Array | undefined;
}

/** Sequences seen so far, a bit each; a page that is complete costs nothing more. */
export class SequenceSet {
  readonly #pages = new Map<number, Page>();
  #size = 0;
  #floor: number;
  #highest = 0;

  /** @param first lowest sequence that may be added */
  constructor(first = 1) {
    this.#floor = first;
  }

  get size(): number {
    return this.#size;
  }

  /** The lowest sequence that is not in. */
  get floor(): number {
    return this.#floor;
  }

  /** 0 where nothing is in. */
  get highest(): number {
    return this.#highest;
  }

  save(): SavedSequences {
    const from = Math.floor(this.#floor / pageBits);
    const pages = [...this.#pages].flatMap(([page, { count, words }]) =>
      page < from ? [] : [{ page, count, ...(words === undefined ? {} : { bits: encodeWords(words) }) }],
    );
    return { size: this.#size, floor: this.#floor, highest: this.#highest, pages };
  }

  static restore({ size, floor, highest, pages }: SavedSequences): SequenceSet {
    const set = new SequenceSet();
    set.#size = size;
    set.#floor = floor;
    set.#highest = highest;
    for (const { page, count, bits } of pages) {
      set.#pages.set(page, { count, words: bits === undefined ? undefined : decodeWords(bits) });
    }
    return set;
  }

  /** @returns whether it is new */
  add(sequence: number): boolean {
    if (sequence < this.#floor || this.has(sequence)) return false;
    const number = Math.floor(sequence / pageBits);
    const page = this.#pages.get(number) ?? { count: 0, words: new Uint32Array(pageBits / wordBits) };
    this.#pages.set(number, page);
    setBit(page, sequence % pageBits);
    this.#size += 1;
    this.#highest = Math.max(this.#highest, sequence);
    while (this.has(this.#floor)) this.#floor += 1;
    return true;
  }

  has(sequence: number): boolean {
    if (sequence >= 1 && sequence < this.#floor) return true;
    const page = this.#pages.get(Math.floor(sequence / pageBits));
    if (page === undefined) return false;
    if (page.words === undefined) return true;
    const bit = sequence % pageBits;
    return ((wordAt(page.words, bit) >>> (bit % wordBits)) & 1) === 1;
  }
}

function setBit(page: Page, bit: number): void {
  if (page.words === undefined) return;
  page.words[Math.floor(bit / wordBits)] = wordAt(page.words, bit) | (1 << (bit % wordBits));
  page.count += 1;
  if (page.count === pageBits) page.words = undefined;
}

function wordAt(words: Uint32Array, bit: number): number {
  return words[Math.floor(bit / wordBits)] ?? 0;
}

/** Little-endian, whatever the machine. */
function encodeWords(words: Uint32Array): string {
  const bytes = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, index) => bytes.setUint32(index * 4, word, true));
  return Buffer.from(bytes.buffer).toString("base64");
}

function decodeWords(bits: string): Uint32Array {
  const bytes = Buffer.from(bits, "base64");
  return Uint32Array.from({ length: pageBits / wordBits }, (_, index) =>
    index * 4 + 4 <= bytes.length ? bytes.readUInt32LE(index * 4) : 0,
  );
}
