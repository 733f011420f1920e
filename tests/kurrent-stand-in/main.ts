import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { status } from "@grpc/grpc-js";
import { startStandIn } from "./server.ts";

// The stand-in as a process of its own, to be killed, frozen and started again: `main.ts --port 2113 --folder DIR`.
const { values } = parseArgs({ options: { port: { type: "string" }, folder: { type: "string" } } });
if (values.port === undefined || values.folder === undefined) throw new Error("--port and --folder are needed");
const standIn = await startStandIn({ port: Number(values.port), journal: join(values.folder, "journal.jsonl") });
// Whoever started it is gone, however that ended.
process.stdin.resume().once("end", () => process.exit());
process.once("SIGTERM", () => {
  standIn.faults.breakOff(status.INTERNAL);
  setImmediate(() => process.exit());
});
process.stdout.write(`${standIn.url}\n`);
