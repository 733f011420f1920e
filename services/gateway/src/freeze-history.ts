import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { hasCode } from "@caxton/contracts/errors";
import { freezeStream, readFreezeEvent } from "@caxton/contracts/freeze-event";
import type { HistoryEntrySchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { FreezeEvent } from "@caxton/deployment/freezes";
import type { EventStore } from "@caxton/event-store/port";

/** When the agent, or all agents, were frozen, and by whom. */
export async function freezeEntries(
  store: EventStore,
  agent: string,
  signal: AbortSignal,
): Promise<readonly MessageInitShape<typeof HistoryEntrySchema>[]> {
  const entries: MessageInitShape<typeof HistoryEntrySchema>[] = [];
  try {
    for await (const stored of store.read(freezeStream, { fromRevision: 0, signal })) {
      const event = readFreezeEvent(stored);
      if (event === undefined || (event.agent ?? agent) !== agent) continue;
      const { type, actor, reason, atMs } = event;
      entries.push({
        at: timestampFromMs(atMs),
        type,
        text: textOf(event),
        actor,
        reason,
        commandId: stored.metadata.commandId,
      });
    }
  } catch (error) {
    if (!hasCode(error, "stream-not-found")) throw error;
  }
  return entries;
}

function textOf(event: FreezeEvent): string {
  const whose = event.agent === undefined ? "all agents" : "the agent";
  if (event.type === "FreezeEnded") return `${whose} unfrozen`;
  return `${whose} frozen${event.untilMs === undefined ? "" : ` until ${new Date(event.untilMs).toISOString()}`}`;
}
