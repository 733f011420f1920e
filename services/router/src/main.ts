import { integerFrom } from "@caxton/service/environment";
import { CaxtonError } from "@caxton/contracts/errors";
import { runProgram } from "@caxton/service/program";
import { defaultAckWaitMs, startRouter } from "./service.ts";

await runProgram("router", async ({ bus, log, id }) => {
  const ackWaitMs = integerFrom("CAXTON_ACK_WAIT_MS", { unlessGiven: defaultAckWaitMs, min: 500, max: 600_000 });
  if (!Number.isInteger(ackWaitMs) || ackWaitMs < 100) {
    throw new CaxtonError("invalid-argument", `CAXTON_ACK_WAIT_MS is ${ackWaitMs}: at least 100 ms, as a whole number`);
  }
  return startRouter({ bus, log, id, ackWaitMs });
});
