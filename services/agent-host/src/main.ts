import { join } from "node:path";
import process from "node:process";
import { runProgram } from "@caxton/service/program";
import { startAgentHost } from "./service.ts";

await runProgram("agent-host", ({ bus, log, id }) =>
  startAgentHost({
    bus,
    log,
    id,
    busUrl: process.env["CAXTON_NATS_URL"] ?? "nats://127.0.0.1:4222",
    cacheDir: process.env["CAXTON_CACHE_DIR"] ?? join(process.cwd(), ".caxton", "cache"),
    concurrency: Number(process.env["CAXTON_INSTANCE_CONCURRENCY"] ?? 1),
  }),
);
