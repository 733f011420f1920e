import { cacheDirFromEnvironment } from "@caxton/service/environment";
import { runProgram } from "@caxton/service/program";
import { startValidator } from "./service.ts";

await runProgram("validator", (context) => startValidator({ ...context, cacheDir: cacheDirFromEnvironment() }));
