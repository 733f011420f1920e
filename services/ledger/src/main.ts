import { integerFrom } from "@caxton/service/environment";
import { runProgram } from "@caxton/service/program";
import { defaultTrimSettings } from "./core/trim-plan.ts";
import { startLedger } from "./service.ts";

const longestMs = 10 * 365 * 24 * 60 * 60 * 1000;
const time = (name: string, unlessGiven: number) => integerFrom(name, { unlessGiven, min: 0, max: longestMs });

await runProgram("ledger", (context) =>
  startLedger({
    ...context,
    trimming: {
      inboxRetentionMs: time("CAXTON_INBOX_RETENTION_MS", defaultTrimSettings.inboxRetentionMs),
      outcomeRetentionMs: time("CAXTON_OUTCOME_RETENTION_MS", defaultTrimSettings.outcomeRetentionMs),
    },
    trimEveryMs: integerFrom("CAXTON_TRIM_EVERY_MS", { unlessGiven: 30_000, min: 50, max: 3_600_000 }),
  }),
);
