import { runProgram } from "@caxton/service/program";
import { startShadow } from "./service.ts";
import { shadowBehindMaxFromEnvironment } from "./settings.ts";

await runProgram("shadow", (context) => startShadow({ ...context, behindMaxMs: shadowBehindMaxFromEnvironment() }));
