import process from "node:process";
import { openJetStreamEventStore } from "@caxton/event-store/jetstream";
import { runProgram } from "@caxton/service/program";
import { startOrchestrator } from "./service.ts";

await runProgram("orchestrator", async ({ bus, log, id }) => {
  const eventStore = await openJetStreamEventStore(bus);
  const duplicateWindowMs = Number(process.env["CAXTON_DUPLICATE_WINDOW_MS"] ?? 120_000);
  const orchestrator = await startOrchestrator({ bus, eventStore, log, id, duplicateWindowMs });
  return {
    async close() {
      await orchestrator.close();
      await eventStore.close();
    },
  };
});
