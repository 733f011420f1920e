import type { ListQueueResponse } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { unixMs } from "../wire-json.ts";
import { instant } from "./deployment.ts";
import { table } from "./table.ts";

/** What waits, in order, and what for. */
export function queueLines({ agent, queueRevision, reason, deployments }: ListQueueResponse): readonly string[] {
  if (deployments.length === 0) return [`No deployment of ${agent} waits.`];
  const rows = deployments.map(({ id, strategy, requestedAt, actor, reason: why, queuePlace }) => [
    String(queuePlace),
    id,
    strategy,
    instant(unixMs(requestedAt)),
    actor,
    why === "" ? "-" : why,
  ]);
  return [
    `→ ${reason}`,
    "",
    ...table(["PLACE", "DEPLOYMENT", "STRATEGY", "REQUESTED", "BY", "REASON"], rows, ["PLACE"]),
    "",
    `→ Another order: caxton queue move <deployment> --to <place> --revision ${queueRevision}`,
  ];
}
