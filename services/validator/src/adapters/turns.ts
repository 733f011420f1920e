import { CaxtonError } from "@caxton/contracts/errors";

export interface TurnOptions {
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
}

/**
 * Runs a bounded number of things at once; the others wait, first come first served.
 * @throws CaxtonError `service-unavailable` where too many wait already
 */
export function turns({ maxConcurrent, maxWaiting }: TurnOptions): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < maxConcurrent) {
      running += 1;
    } else if (waiting.length < maxWaiting) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      throw new CaxtonError(
        "service-unavailable",
        `${waiting.length} validations wait here already, the most is ${maxWaiting}: ask again`,
      );
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
