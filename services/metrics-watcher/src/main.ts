import { runProgram } from "@caxton/service/program";
import { startMetricsWatcher } from "./service.ts";

await runProgram("metrics-watcher", startMetricsWatcher);
