/** Between a callback that pushes and one loop that takes, in order. */
export class MessageQueue<T> {
  #items: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#end !== undefined) return;
    this.#items.push(item);
    this.#wake?.();
  }

  /** What was pushed before is still taken; then `takeAll` gives undefined, or throws `error`. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake?.();
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Waits for at least one; undefined at the end. One caller at a time. */
  async takeAll(): Promise<readonly T[] | undefined> {
    while (this.#items.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const taken = this.#items;
    if (taken.length > 0) {
      this.#items = [];
      return taken;
    }
    if (this.#end !== undefined && "error" in this.#end) throw this.#end.error;
    return undefined;
  }
}
