import type { RollbackStory } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import type { Deployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { seconds } from "./quantity.ts";
import type { Style } from "./style.ts";

/** The ADR's four lines of a rollback, as far as they are true by now, with the times that were measured. */
export function rollbackLines({ rollback, state }: Deployment, style: Style): readonly string[] {
  if (rollback === undefined) return [];
  const isOver = state === "RolledBack";
  const told: string[] = [];
  for (const part of [diverted, drained, restored]) {
    const text = part(rollback, isOver);
    if (text === undefined) return told;
    told.push(text.startsWith("→") ? text : `${style.good("✓")} ${text}`);
  }
  return isOver ? [...told, `→ Rollback complete in ${seconds(rollback.totalMs ?? 0)}`] : told;
}

/** One that never had a share has nothing to divert. */
function diverted({ divertedMs }: RollbackStory, isOver: boolean): string | undefined {
  if (divertedMs !== undefined) return `Messages diverted (${seconds(divertedMs)})`;
  return isOver ? "→ No message had gone to it" : undefined;
}

function drained({ drainMs, drainForced }: RollbackStory, isOver: boolean): string | undefined {
  if (drainMs === undefined) return isOver ? "→ Nothing was in flight" : undefined;
  const left = drainForced ? ", what was left was redelivered" : "";
  return `Draining in-flight (${seconds(drainMs)}${left})`;
}

/** In the same revision that took the other one out, so that nobody waited for the drain. */
function restored({ restores, restoredMs, routeRevision }: RollbackStory): string | undefined {
  if (restores !== "") return `Previous version restored (${seconds(restoredMs ?? 0)})`;
  return routeRevision === 0
    ? "→ The previous version had all messages all the time"
    : "→ No version was before it: messages wait in the inbox";
}
