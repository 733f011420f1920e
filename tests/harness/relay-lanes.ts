import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { LaneStatus, laneStatusTtlMs, type RelayLaneStatus } from "@caxton/contracts/lane-status";
import { checker } from "@caxton/contracts/schema";
import { laneBucket, laneKey } from "@caxton/contracts/subjects";
import { leaseHolder } from "./leases.ts";

const laneStatus = checker("lane status", LaneStatus);

/** What the router that relays for an agent says of its lanes; empty while none does. */
export async function relayLanes(bus: Bus, agent: string): Promise<readonly RelayLaneStatus[]> {
  const bucket = await bus.kv(laneBucket, { ttlMs: laneStatusTtlMs });
  let newest: LaneStatus | undefined;
  for (const key of await bucket.keys(laneKey(agent, "*"))) {
    const entry = await bucket.get(key);
    const status = entry === undefined ? undefined : laneStatus.check(decodeJson(entry.value));
    // One that was killed is still said to relay until its record runs out.
    if (status?.relay !== undefined && status.atMs > (newest?.atMs ?? 0)) newest = status;
  }
  return newest?.relay ?? [];
}

/** Resolves with the router that relays for an agent, as soon as one does that is not `not`. */
export function relayHolder(bus: Bus, agent: string, not?: string): Promise<string> {
  return leaseHolder(bus, `relay.${agent}`, not);
}
