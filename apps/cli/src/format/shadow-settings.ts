import type { Shadow, ShadowEnd } from "@caxton/contracts/gen/caxton/v1/shadow_pb.js";
import { percentText } from "./metric.ts";
import { inWords } from "./quantity.ts";

/** `output_equivalence, resource_usage on 10% of the messages for 1 hour; numbers within 1e-9; ignored: $.timestamp` */
export function shadowText({ compare, sample = 1, durationMs = 0, tolerance = 0, ignore }: Shadow): string {
  const what = `${compare.join(", ")} on ${percentText(sample)} of the messages for ${inWords(durationMs)}`;
  const ignored = ignore.length === 0 ? "" : `; ignored: ${ignore.join(", ")}`;
  return `${what}; numbers within ${tolerance}${ignored}`;
}

export function endText({ cause, reason }: ShadowEnd): string {
  return `${cause}: ${reason}`;
}
