import { integerFrom } from "@caxton/service/environment";
import { defaultTrimSettings, type TrimSettings } from "./core/trim-plan.ts";

export interface LedgerSettings {
  readonly trimming: TrimSettings;
  /** How often it looks for something to trim, in ms. */
  readonly trimEveryMs: number;
}

const longestMs = 10 * 365 * 24 * 60 * 60 * 1000;

/** @throws CaxtonError `invalid-argument` */
export function ledgerSettingsFromEnvironment(): LedgerSettings {
  const time = (name: string, unlessGiven: number) => integerFrom(name, { unlessGiven, min: 0, max: longestMs });
  const usual = defaultTrimSettings;
  return {
    trimming: {
      ...usual,
      inboxRetentionMs: time("CAXTON_INBOX_RETENTION_MS", usual.inboxRetentionMs),
      outcomeRetentionMs: time("CAXTON_OUTCOME_RETENTION_MS", usual.outcomeRetentionMs),
      outboxRetentionMs: time("CAXTON_OUTBOX_RETENTION_MS", usual.outboxRetentionMs),
      outboxKeptMaxBytes: integerFrom("CAXTON_OUTBOX_KEPT_MAX_BYTES", {
        unlessGiven: usual.outboxKeptMaxBytes,
        min: 0,
        max: 2 ** 50,
      }),
    },
    trimEveryMs: integerFrom("CAXTON_TRIM_EVERY_MS", { unlessGiven: 30_000, min: 50, max: 3_600_000 }),
  };
}
