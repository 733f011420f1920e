import { integerFrom, traceShareFromEnvironment } from "@caxton/service/environment";
import { runProgram } from "@caxton/service/program";
import { defaultAckWaitMs, startRouter } from "./service.ts";

await runProgram("router", (context) => {
  const ackWaitMs = integerFrom("CAXTON_ACK_WAIT_MS", { unlessGiven: defaultAckWaitMs, min: 500, max: 600_000 });
  return startRouter({ ...context, ackWaitMs, traceShare: traceShareFromEnvironment() });
});
