import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { KvBucket } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { RelayCheckpoint } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import type { Logger } from "@caxton/telemetry/logger";

const checkpointSchema = checker("relay checkpoint", RelayCheckpoint);
const writeEveryMs = 1_000;

export const outboxKey = (agent: string): string => `${agent}.outbox`;
export const targetKey = (agent: string, target: string): string => `${agent}.to.${target}`;

export async function readCheckpoint(bucket: KvBucket, key: string): Promise<RelayCheckpoint | undefined> {
  const entry = await bucket.get(key);
  return entry === undefined ? undefined : checkpointSchema.check(decodeJson(entry.value));
}

export async function writeCheckpoint(bucket: KvBucket, key: string, checkpoint: RelayCheckpoint): Promise<void> {
  await bucket.put(key, encodeJson(checkpoint satisfies RelayCheckpoint));
}

/** Writes the checkpoint at most every second, and only where it moved, until stopped. */
export function keepCheckpoint(
  bucket: KvBucket,
  key: string,
  log: Logger,
  current: () => RelayCheckpoint,
): { stop(): Promise<void> } {
  let written = current().outcomeSequence;
  const write = async (): Promise<void> => {
    const checkpoint = current();
    if (checkpoint.outcomeSequence <= written) return;
    await writeCheckpoint(bucket, key, checkpoint);
    written = checkpoint.outcomeSequence;
  };
  const tryWrite = (): Promise<void> =>
    // It is only a bound; the next write makes up for it.
    write().catch((error: unknown) => log.debug({ key }, `checkpoint not written: ${toCaxtonError(error).message}`));
  const timer = setInterval(() => void tryWrite(), writeEveryMs);
  return {
    async stop() {
      clearInterval(timer);
      await tryWrite();
    },
  };
}
