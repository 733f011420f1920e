/** Runs one shadow: a process of its own with low priority, ended by its supervisor or with it. */
import process from "node:process";
import { connectBus } from "@caxton/bus/connect";
import { toCaxtonError } from "@caxton/contracts/errors";
import type { RunnerOrder } from "./protocol.ts";
import { runShadow } from "./run-shadow.ts";

const stopping = new AbortController();

async function run({ busUrl, spec, behindMaxMs }: RunnerOrder & { type: "start" }): Promise<void> {
  const bus = await connectBus({ url: busUrl, name: `shadow ${spec.version}`, onError: () => undefined });
  await runShadow({ bus, spec, behindMaxMs, now: Date.now, stopped: stopping.signal });
  await bus.close();
}

process.on("message", (order: RunnerOrder) => {
  if (order.type === "stop") return stopping.abort();
  run(order).then(
    () => process.exit(0),
    (error: unknown) => {
      const { code, message } = toCaxtonError(error);
      process.stderr.write(`${code}: ${message}\n`, () => process.exit(1));
    },
  );
});
// The supervisor is gone; another one takes over.
process.on("disconnect", () => process.exit(0));
// Ctrl-C in a terminal reaches the whole group; the supervisor decides when its runners end.
process.on("SIGINT", () => undefined);
