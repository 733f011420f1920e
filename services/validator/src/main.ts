import {
  cacheDirFromEnvironment,
  cacheRetentionFromEnvironment,
  integerFrom,
  validationsFromEnvironment,
} from "@caxton/service/environment";
import { runProgram } from "@caxton/service/program";
import { defaultMaxConcurrent, defaultValidationTimeoutMs, startValidator } from "./service.ts";

await runProgram("validator", ({ bus, log, id }) =>
  startValidator({
    bus,
    log,
    id,
    cacheDir: cacheDirFromEnvironment(),
    cacheRetentionMs: cacheRetentionFromEnvironment(),
    maxConcurrent: validationsFromEnvironment(defaultMaxConcurrent),
    validationTimeoutMs: integerFrom("CAXTON_VALIDATION_TIMEOUT_MS", {
      unlessGiven: defaultValidationTimeoutMs,
      min: 500,
      max: 600_000,
    }),
  }),
);
