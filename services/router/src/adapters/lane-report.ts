import { encodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { laneStatusTtlMs, type LaneStatus } from "@caxton/contracts/lane-status";
import { laneBucket, laneKey } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { pause } from "./signal.ts";

const refreshEveryMs = 3_000;
/** Changes that come together are one record. */
const restMs = 100;

export interface LaneReportOptions {
  readonly bus: Pick<Bus, "kv">;
  readonly log: Logger;
  statusNow(): LaneStatus;
}

/** Keeps a router's record of an agent true: on change and every 3 s, until it is closed. */
export class LaneReport {
  readonly #options: LaneReportOptions;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #bucket: KvBucket | undefined;
  readonly #ended: Promise<void>;

  constructor(options: LaneReportOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  changed(): void {
    this.#wake.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const options = this.#options;
    // What began it is being built while this runs up to its first wait.
    await pause(restMs, signal);
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const status = options.statusNow();
      await this.#quietly((bucket) => bucket.put(laneKey(status.agent, status.router), encodeJson(status)));
      await pause(restMs, signal);
      await pause(refreshEveryMs - restMs, signal.aborted ? signal : this.#wake.signal);
    }
    const { agent, router } = options.statusNow();
    await this.#quietly((bucket) => bucket.delete(laneKey(agent, router)));
  }

  /** The next record makes good for one that was not written. */
  async #quietly(write: (bucket: KvBucket) => Promise<unknown>): Promise<void> {
    try {
      this.#bucket ??= await this.#options.bus.kv(laneBucket, { ttlMs: laneStatusTtlMs });
      await write(this.#bucket);
    } catch (error) {
      this.#bucket = undefined;
      this.#options.log.debug({}, `lane status not written: ${toCaxtonError(error).message}`);
    }
  }
}
