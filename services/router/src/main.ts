import process from "node:process";
import { runProgram } from "@caxton/service/program";
import { defaultAckWaitMs, startRouter } from "./service.ts";

await runProgram("router", ({ bus, log, id }) => {
  const ackWaitMs = Number(process.env["CAXTON_ACK_WAIT_MS"] ?? defaultAckWaitMs);
  return startRouter({ bus, log, id, ackWaitMs });
});
