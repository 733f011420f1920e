import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { KvBucket } from "@caxton/bus/types";
import { hasCode, toCaxtonError } from "@caxton/contracts/errors";
import { RelayCheckpoint } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import type { Logger } from "@caxton/telemetry/logger";

const checkpointSchema = checker("relay checkpoint", RelayCheckpoint);
const writeEveryMs = 1_000;

export const outboxKey = (agent: string): string => `${agent}.outbox`;
export const targetKey = (agent: string, target: string): string => `${agent}.to.${target}`;

/** A lane's checkpoint, claimed: whoever claimed it before, frozen perhaps, writes it no more. */
export class Checkpoint {
  /** What it was when it was claimed; undefined where there was none. */
  readonly found: RelayCheckpoint | undefined;
  readonly #bucket: KvBucket;
  readonly #key: string;
  #revision: number;

  private constructor(bucket: KvBucket, key: string, found: RelayCheckpoint | undefined, revision: number) {
    this.#bucket = bucket;
    this.#key = key;
    this.found = found;
    this.#revision = revision;
  }

  /** @throws CaxtonError `wrong-sequence` when another claims it at the same time */
  static async claim(bucket: KvBucket, key: string): Promise<Checkpoint> {
    const entry = await bucket.get(key);
    if (entry === undefined) return new Checkpoint(bucket, key, undefined, 0);
    const found = checkpointSchema.check(decodeJson(entry.value));
    return new Checkpoint(bucket, key, found, await bucket.update(key, entry.value, entry.revision));
  }

  /** @throws CaxtonError `wrong-sequence` when it is no longer ours */
  async write(value: RelayCheckpoint): Promise<void> {
    this.#revision = await this.#bucket.update(this.#key, encodeJson(value), this.#revision);
  }
}

/** The first checkpoint of a lane; one that is there stays. */
export async function createCheckpoint(bucket: KvBucket, key: string, value: RelayCheckpoint): Promise<void> {
  try {
    await bucket.create(key, encodeJson(value));
  } catch (error) {
    if (!hasCode(error, "wrong-sequence")) throw error;
  }
}

/** Writes the checkpoint at most every second, and only where it moved, until stopped. */
export function keepCheckpoint(
  checkpoint: Checkpoint,
  log: Logger,
  current: () => RelayCheckpoint,
): { stop(): Promise<void> } {
  let written = checkpoint.found;
  let last: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const now = current();
    const { outcomeEpochMs, outcomeSequence = 0, ahead = [] } = written ?? {};
    const hasMoved = now.outcomeSequence > outcomeSequence || String(now.ahead ?? []) !== String(ahead);
    if (outcomeEpochMs === now.outcomeEpochMs && !hasMoved) return;
    await checkpoint.write(now);
    written = now;
  };
  const tryWrite = (): Promise<void> =>
    // It is only a bound; the next write makes up for it.
    (last = last
      .then(write)
      .catch((error: unknown) => log.debug(`checkpoint not written: ${toCaxtonError(error).message}`)));
  const timer = setInterval(() => void tryWrite(), writeEveryMs);
  return {
    async stop() {
      clearInterval(timer);
      await tryWrite();
    },
  };
}
