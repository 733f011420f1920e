import { decodeJson } from "@caxton/bus/json";
import type { Bus, StreamInfo } from "@caxton/bus/types";
import { RelayCheckpoint } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { relayBucket } from "@caxton/contracts/subjects";

const checkpointSchema = checker("relay checkpoint", RelayCheckpoint);

export interface RelayedTo {
  /** Every lane has passed the outcomes up to this position; 0 where no relay was ever at work. */
  readonly position: number;
  /** The lane that is furthest behind: `outbox`, or an agent. */
  readonly lane: string;
}

/** How far the relay of an agent has come in the outcomes that are there now. */
export async function relayedTo(bus: Bus, agent: string, { createdAtMs }: StreamInfo): Promise<RelayedTo> {
  const bucket = await bus.kv(relayBucket);
  const prefix = `${agent}.to.`;
  const keys = [`${agent}.outbox`, ...(await bucket.keys(`${prefix}*`))];
  const lanes = await Promise.all(
    keys.map(async (key): Promise<RelayedTo> => {
      const entry = await bucket.get(key);
      const checkpoint = entry && checkpointSchema.check(decodeJson(entry.value));
      const isAbout = checkpoint?.outcomeEpochMs === Math.trunc(createdAtMs);
      const lane = key.startsWith(prefix) ? key.slice(prefix.length) : "outbox";
      return { position: isAbout ? checkpoint.outcomeSequence : 0, lane };
    }),
  );
  return lanes.reduce((least, lane) => (lane.position < least.position ? lane : least));
}
