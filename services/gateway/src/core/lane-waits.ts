import type { LaneStatus, RelayLaneStatus } from "@caxton/contracts/lane-status";
import type { AgentStatus } from "@caxton/contracts/system-status";

type Waits = AgentStatus["waits"];

/** Why an agent's messages wait, in the routers' words. A router that waits keeps nobody up where nothing waits. */
export function pullWaits(lanes: readonly LaneStatus[], waitingInInbox: number): Waits {
  if (waitingInInbox === 0) return [];
  const together = new Map<string, Waits[number]>();
  for (const { router, state, reason } of lanes) {
    if (state !== "waiting" || reason === undefined) continue;
    const key = `${reason.code} ${reason.message}`;
    const who = together.get(key)?.who;
    together.set(key, { who: who === undefined ? router : `${who}, ${router}`, ...reason });
  }
  return [...together.values()];
}

/** What keeps lanes of an agent's relay, by target; of two routers that say they relay, the one that said so last. */
export function relayWaits(
  lanes: readonly LaneStatus[],
): ReadonlyMap<string, NonNullable<RelayLaneStatus["waitsFor"]>> {
  const newest = lanes.filter(({ relay }) => relay !== undefined).toSorted((one, other) => other.atMs - one.atMs)[0];
  return new Map(
    newest?.relay?.flatMap(({ target, waitsFor }) => (waitsFor === undefined ? [] : [[target, waitsFor] as const])),
  );
}
