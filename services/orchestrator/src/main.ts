import { defaultAgentStreamSettings } from "@caxton/bus/agent-streams";
import { openEventStore } from "@caxton/event-store/open";
import {
  agentStreamsFromEnvironment,
  artifactRetentionFromEnvironment,
  maxQueuedFromEnvironment,
} from "@caxton/service/environment";
import { runProgram } from "@caxton/service/program";
import { defaultMaxQueued, startOrchestrator } from "./service.ts";

await runProgram("orchestrator", async ({ bus, log, id, health, spans }) => {
  const eventStore = await openEventStore(bus);
  const streams = agentStreamsFromEnvironment(defaultAgentStreamSettings);
  const orchestrator = await startOrchestrator({
    bus,
    eventStore,
    log,
    id,
    streams,
    maxQueued: maxQueuedFromEnvironment(defaultMaxQueued),
    artifactRetentionMs: artifactRetentionFromEnvironment(),
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
