import {
  StoredEventSchema,
  type WatchDeploymentResponse,
} from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { StepProgressSchema } from "@caxton/contracts/gen/caxton/v1/canary_pb.js";
import type { Output } from "./output.ts";
import { wireJson } from "./wire-json.ts";

/** With `--json`: each event, and what is seen of a step in between, as an object on a line of its own. */
export function changeTo(output: Output): (change: WatchDeploymentResponse) => void {
  return ({ event, progress }) => {
    if (event !== undefined) output.value({ type: "event", event: wireJson(StoredEventSchema, event) });
    if (progress !== undefined) output.value({ type: "progress", progress: wireJson(StepProgressSchema, progress) });
  };
}
