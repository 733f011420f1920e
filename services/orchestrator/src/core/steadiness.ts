/** A block has at least so many messages, and takes at least so long: code that runs much is compiled anew while it runs. */
export const blockMessages = 20;
export const blockMs = 200;
const blocksCompared = 3;
/** Medians of blocks of one speed lie this close together, as a share of the smallest, or in ms where that is more. */
const toleranceShare = 0.15;
const toleranceMs = 0.05;

/** Whether a latency does not change any more: the medians of the last three blocks lie within 15 % or 0.05 ms. */
export function isSteady(medians: readonly number[]): boolean {
  const last = medians.slice(-blocksCompared);
  if (last.length < blocksCompared) return false;
  const least = Math.min(...last);
  return Math.max(...last) - least <= Math.max(toleranceMs, least * toleranceShare);
}

/** What one instance took for its messages, in blocks. Times are ms of any clock that only goes forward. */
export class LatencyBlocks {
  readonly #medians: number[] = [];
  #block: number[] = [];
  #beganAtMs = 0;
  /** Of the newest message. */
  lastAtMs = 0;

  add(latencyMs: number, atMs: number): void {
    this.lastAtMs = atMs;
    if (this.#block.length === 0) this.#beganAtMs = atMs;
    this.#block.push(latencyMs);
    if (this.#block.length < blockMessages || atMs - this.#beganAtMs < blockMs) return;
    this.#medians.push(median(this.#block));
    this.#block = [];
  }

  get medians(): readonly number[] {
    return this.#medians;
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
