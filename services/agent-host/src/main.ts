import {
  cacheDirFromEnvironment,
  cacheRetentionFromEnvironment,
  hostLimitsFromEnvironment,
} from "@caxton/service/environment";
import { runProgram } from "@caxton/service/program";
import { startAgentHost } from "./service.ts";

await runProgram("agent-host", ({ bus, busUrl, log, id }) =>
  startAgentHost({
    bus,
    log,
    id,
    busUrl,
    cacheDir: cacheDirFromEnvironment(),
    cacheRetentionMs: cacheRetentionFromEnvironment(),
    ...hostLimitsFromEnvironment(),
  }),
);
