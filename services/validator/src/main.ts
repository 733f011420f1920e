import { join } from "node:path";
import process from "node:process";
import { runProgram } from "@caxton/service/program";
import { startValidator } from "./service.ts";

/** Where prepared components are kept; shared with the agent-host of the same machine, so that each is prepared once. */
const cacheDir = process.env["CAXTON_CACHE_DIR"] ?? join(process.cwd(), ".caxton", "cache");

await runProgram("validator", (context) => startValidator({ ...context, cacheDir }));
