import { RateTest, type Run } from "./rate-test.ts";

/** The multiples of a limit that are tried besides the limit itself, to say how far beyond it, or below, a version is for sure. */
const below = [0.1, 0.25, 0.5, 0.75] as const;
const beyond = [1.25, 1.5, 2, 3, 5, 10, 20, 50] as const;

/** What is asked of a sample at a multiple of the limit: whether it is a hit there, and which share of hits is allowed there (0–1). */
export interface Asked {
  isHit(multiple: number): boolean;
  allowed(multiple: number): number;
}

interface Rung {
  readonly multiple: number;
  readonly test: RateTest;
  isAbove: boolean;
}

/** The test of a limit, and of multiples of it. */
export class BoundedTest {
  readonly #test: RateTest;
  readonly #rungs: readonly Rung[];

  constructor(alpha: number, startMs: number) {
    this.#test = new RateTest(alpha, startMs);
    this.#rungs = [...below, 1, ...beyond].map((multiple) => ({
      multiple,
      test: multiple === 1 ? this.#test : new RateTest(alpha, startMs),
      isAbove: false,
    }));
  }

  /** The run that speaks most for being above the limit. */
  get run(): Run {
    return this.#test.run;
  }

  add(asked: Asked, atMs: number): void {
    for (const { multiple, test } of this.#rungs) test.add(asked.isHit(multiple), asked.allowed(multiple), atMs);
  }

  /** @param moreHits as if so many had come in besides, of which `allowed` (0–1) may be */
  isAbove(allowed = 0, moreHits = 0): boolean {
    return this.#test.isAbove(allowed, moreHits);
  }

  /**
   * The largest multiple of the limit that the true value was above at some time, with the confidence asked for. A multiple
   * counts only if all smaller ones do, so that one level is enough for all of them (Marcus, Peritz, Gabriel 1976).
   */
  provedMultiple(allowed: (multiple: number) => number, moreHits: (multiple: number) => number): number | undefined {
    let proved: number | undefined;
    for (const rung of this.#rungs) {
      rung.isAbove ||= rung.test.isAbove(allowed(rung.multiple), moreHits(rung.multiple));
      if (!rung.isAbove) break;
      proved = rung.multiple;
    }
    return proved;
  }
}
