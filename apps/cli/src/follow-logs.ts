import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LogEntry, ReadLogsRequestSchema } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import type { Gateway } from "./gateway-client.ts";
import { isPassing, Patience } from "./patience.ts";

/**
 * An agent's log lines, also those said later, across broken connections; of a batch that was cut in the middle the rest is
 * not shown. Ends when `signal` aborts.
 * @throws CaxtonError what the gateway says, or `gateway-unavailable` once it was away for a minute
 */
export async function* followLogs(
  gateway: Gateway,
  request: MessageInitShape<typeof ReadLogsRequestSchema>,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  const patience = new Patience();
  let position: number | undefined;
  // Only a gateway that has answered once is worth waiting for.
  let answered = false;
  while (!signal.aborted) {
    try {
      const after = position === undefined ? {} : { afterPosition: position };
      for await (const entry of gateway.readLogs({ ...request, ...after, follow: true }, signal)) {
        patience.renew();
        answered = true;
        position = entry.position;
        yield entry;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error) || !answered || patience.isOver()) throw error;
    }
    await delay(patience.pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
