import type { GetHistoryResponse } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { unixMs } from "../wire-json.ts";
import { instant } from "./deployment.ts";
import { table } from "./table.ts";

/** Oldest first, so that the newest stands where the eye is. */
export function historyLines({ agent, entries }: GetHistoryResponse): readonly string[] {
  if (entries.length === 0) return [`Nothing was asked for about ${agent}.`];
  const rows = entries.map(({ at, version, deploymentId, text, actor, reason }) => [
    instant(unixMs(at)),
    version === "" ? deploymentId : version,
    text,
    actor,
    // Of a verdict both say the same.
    text.includes(reason) ? "" : reason,
  ]);
  return table(["AT", "VERSION", "WHAT", "BY", "REASON"], rows);
}
