/**
 * Things that come and go by the thousand, each in a numbered slot. Not a Map or a Set: when one of those has grown old, each
 * table that V8 makes for it from then on is kept alive by the one before, with everything that was in it, until the next
 * full collection. In a loop of 300 entries a turn that made scavenges fifty times as long (docs/decisions/0045).
 */
export class Slots<T extends object> {
  readonly #values: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#values.length - this.#free.length;
  }

  /** @returns the number of its slot, which is another's when it is gone */
  add(value: T): number {
    const slot = this.#free.pop() ?? this.#values.length;
    this.#values[slot] = value;
    return slot;
  }

  at(slot: number): T | undefined {
    return this.#values[slot];
  }

  /** @returns false where it is not there any more */
  remove(slot: number, value: T): boolean {
    if (this.#values[slot] !== value) return false;
    this.#values[slot] = undefined;
    this.#free.push(slot);
    return true;
  }

  /** Those that are there, in no order; some may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T, void> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }
}
