import { decodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket, StreamInfo } from "@caxton/bus/types";
import { RelayCheckpoint } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { relayBucket } from "@caxton/contracts/subjects";
import { type LanePosition, outboxLane } from "../core/lanes.ts";

const checkpointSchema = checker("relay checkpoint", RelayCheckpoint);

/**
 * How far the relay of an agent has come in the outcomes that are there now, by lane. The outbox first: whom an outcome
 * speaks to is registered before that lane has passed it, so no lane is missing that matters up to there.
 */
export async function relayLanes(
  bus: Bus,
  agent: string,
  { createdAtMs }: StreamInfo,
): Promise<readonly LanePosition[]> {
  const bucket = await bus.kv(relayBucket);
  const epochMs = Math.trunc(createdAtMs);
  const prefix = `${agent}.to.`;
  const outbox = { lane: outboxLane, position: await positionOf(bucket, `${agent}.${outboxLane}`, epochMs) };
  const keys = await bucket.keys(`${prefix}*`);
  const others = keys.map(async (key): Promise<LanePosition> => {
    return { lane: key.slice(prefix.length), position: await positionOf(bucket, key, epochMs) };
  });
  return [outbox, ...(await Promise.all(others))];
}

async function positionOf(bucket: KvBucket, key: string, epochMs: number): Promise<number> {
  const entry = await bucket.get(key);
  const checkpoint = entry && checkpointSchema.check(decodeJson(entry.value));
  return checkpoint?.outcomeEpochMs === epochMs ? checkpoint.outcomeSequence : 0;
}
