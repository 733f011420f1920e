import { setTimeout as delay } from "node:timers/promises";
import { toCaxtonError } from "@caxton/contracts/errors";
import type { Logger } from "@caxton/telemetry/logger";

export interface KeepTryingOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** 500 unless given. */
  readonly retryAfterMs?: number;
}

/** Begins `work` again whenever it breaks off, until `signal` aborts: no service goes deaf because the bus was away for a moment. */
export async function keepTrying(
  what: string,
  work: () => Promise<void>,
  { log, signal, retryAfterMs = 500 }: KeepTryingOptions,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toCaxtonError(error);
      log.warn({ code }, `${what} broke off and is begun again: ${message}`);
    }
    await delay(retryAfterMs, undefined, { signal }).catch(() => undefined);
  }
}
