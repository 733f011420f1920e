import { pointOf } from "@caxton/deployment/split";
import type { Tally } from "./tally.ts";

/** The first messages, whatever becomes of them; then this share of all; and those that tell of a group that little is known of. */
const firstRuns = 20;
const shareOfAll = 0.02;
const runsPerGroup = 10;
/** At most so many in a second, so that the live version hardly notices. */
export const selfRunsPerSecond = 10;

/**
 * Whether the live version should handle a message once more, for what it differs in from itself.
 * @param groups in which the shadow's outputs differed
 * @param lately how many there were within the last second
 */
export function wantsSelfRun(tally: Tally, messageId: string, groups: readonly string[], lately: number): boolean {
  if (lately >= selfRunsPerSecond) return false;
  if (tally.self.runs < firstRuns) return true;
  if (groups.some((group) => (tally.groups[group]?.selfRuns ?? 0) < runsPerGroup)) return true;
  return pointOf("shadow self", messageId) < shareOfAll;
}
