import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { FreezeSchema } from "@caxton/contracts/gen/caxton/v1/meeting_pb.js";
import type { Freeze } from "@caxton/deployment/freeze";

export function freezeMessage({
  agent = "",
  reason,
  actor,
  sinceMs,
  untilMs,
}: Freeze): MessageInitShape<typeof FreezeSchema> {
  const until = untilMs === undefined ? {} : { until: timestampFromMs(untilMs) };
  return { agent, reason, actor, since: timestampFromMs(sinceMs), ...until };
}
