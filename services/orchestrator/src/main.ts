import { defaultDuplicateWindowMs } from "@caxton/bus/agent-streams";
import { openEventStore } from "@caxton/event-store/open";
import { duplicateWindowFromEnvironment } from "@caxton/service/environment";
import { runProgram } from "@caxton/service/program";
import { startOrchestrator } from "./service.ts";

await runProgram("orchestrator", async ({ bus, log, id, health, spans }) => {
  const eventStore = await openEventStore(bus);
  const duplicateWindowMs = duplicateWindowFromEnvironment(defaultDuplicateWindowMs);
  const orchestrator = await startOrchestrator({
    bus,
    eventStore,
    log,
    id,
    duplicateWindowMs,
    health,
    ...(spans === undefined ? {} : { spans }),
  });
  return {
    async close() {
      await orchestrator.close();
      await eventStore.close();
    },
  };
});
