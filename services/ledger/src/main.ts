import { runProgram } from "@caxton/service/program";
import { startLedger } from "./service.ts";

await runProgram("ledger", startLedger);
