import { runProgram } from "@caxton/service/program";
import { startLedger } from "./service.ts";
import { ledgerSettingsFromEnvironment } from "./settings.ts";

await runProgram("ledger", (context) => startLedger({ ...context, ...ledgerSettingsFromEnvironment() }));
