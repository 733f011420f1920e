import { setTimeout as delay } from "node:timers/promises";
import { toCaxtonError } from "@caxton/contracts/errors";
import type { Logger } from "@caxton/telemetry/logger";
import type { Health } from "./health.ts";

export interface KeepTryingOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** 500 unless given. */
  readonly retryAfterMs?: number;
  /** Whose part this is: not ready from when the work broke off until it has gone on for a second. */
  readonly readiness?: { readonly health: Pick<Health, "require"> | undefined; readonly part: string };
}

const mendedAfterMs = 1_000;

/**
 * Begins `work` again whenever it breaks off, until `signal` aborts: no service goes deaf because the bus was away for a
 * moment.
 */
export async function keepTrying(
  what: string,
  work: () => Promise<void>,
  { log, signal, retryAfterMs = 500, readiness }: KeepTryingOptions,
): Promise<void> {
  let trouble: string | undefined;
  const check = (): readonly string[] => (trouble === undefined ? [] : [`${what} broke off: ${trouble}`]);
  const leave = readiness?.health?.require(readiness.part, check);
  while (!signal.aborted) {
    const mended = setTimeout(() => (trouble = undefined), mendedAfterMs);
    try {
      await work();
    } catch (error) {
      if (signal.aborted) break;
      const { code, message } = toCaxtonError(error);
      trouble = message;
      log.warn({ code }, `${what} broke off and is begun again: ${message}`);
    } finally {
      clearTimeout(mended);
    }
    await delay(retryAfterMs, undefined, { signal }).catch(() => undefined);
  }
  leave?.();
}
