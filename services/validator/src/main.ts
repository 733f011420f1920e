import { cacheDirFromEnvironment, cacheRetentionFromEnvironment, integerFrom } from "@caxton/service/environment";
import { runProgram } from "@caxton/service/program";
import { defaultValidationTimeoutMs, startValidator } from "./service.ts";

await runProgram("validator", ({ bus, log, id }) =>
  startValidator({
    bus,
    log,
    id,
    cacheDir: cacheDirFromEnvironment(),
    cacheRetentionMs: cacheRetentionFromEnvironment(),
    maxConcurrent: integerFrom("CAXTON_VALIDATIONS_AT_ONCE", { unlessGiven: 2, min: 1, max: 64 }),
    validationTimeoutMs: integerFrom("CAXTON_VALIDATION_TIMEOUT_MS", {
      unlessGiven: defaultValidationTimeoutMs,
      min: 500,
      max: 600_000,
    }),
  }),
);
