import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { LaneStatus, laneStatusTtlMs } from "@caxton/contracts/lane-status";
import { checker } from "@caxton/contracts/schema";
import { laneBucket, laneKey } from "@caxton/contracts/subjects";

const laneStatus = checker("lane status", LaneStatus);
const pollMs = 20;

/** What `count` routers say they do for an agent, as soon as as many say what is `wanted`. */
export async function routerLanes(
  bus: Bus,
  agent: string,
  count: number,
  wanted: (status: LaneStatus) => boolean,
): Promise<readonly LaneStatus[]> {
  const bucket = await bus.kv(laneBucket, { ttlMs: laneStatusTtlMs });
  for (;;) {
    const entries = await Promise.all((await bucket.keys(laneKey(agent, "*"))).map((key) => bucket.get(key)));
    const all = entries.flatMap((entry) => (entry === undefined ? [] : [laneStatus.check(decodeJson(entry.value))]));
    const found = all.filter(wanted);
    if (found.length >= count) return found.slice(0, count);
    await delay(pollMs);
  }
}
