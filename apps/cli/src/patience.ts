import { type CaxtonError, hasCode } from "@caxton/contracts/errors";

/** A gateway that is away for longer than this is given up. */
const awayMaxMs = 60_000;

/** How long somebody goes on trying. */
export class Patience {
  readonly pauseMs = 250;
  #sinceMs: number | undefined;

  /** It works again. */
  renew(): void {
    this.#sinceMs = undefined;
  }

  /** Whether this is the first failure since it worked. */
  get isFirst(): boolean {
    return this.#sinceMs === undefined;
  }

  /** Counts from the first failure on. */
  isOver(maxMs = awayMaxMs): boolean {
    this.#sinceMs ??= performance.now();
    return performance.now() - this.#sinceMs > maxMs;
  }
}

/** Whether asking again may help: something is away, or starting. */
export function isPassing(error: unknown): error is CaxtonError {
  return hasCode(
    error,
    "gateway-unavailable",
    "service-unavailable",
    "store-unavailable",
    "bus-unavailable",
    "cancelled",
  );
}
