import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { checker } from "@caxton/contracts/schema";
import { shadowRecord, type ShadowReport } from "@caxton/contracts/shadow";
import { shadowKey, shadowReportBucket } from "@caxton/contracts/subjects";
import Type, { type Static } from "@caxton/contracts/type";
import { Tally } from "../core/tally.ts";

/** How far a shadow came: everything that was counted, and up to which outcome. */
export const Progress = Type.Object({
  /** When the stream of outcomes was made that `position` is about. */
  outcomeEpochMs: Type.Number(),
  /** All outcomes up to here are counted. */
  position: Type.Integer({ minimum: 0 }),
  tally: Tally,
});
export type Progress = Static<typeof Progress>;
const progressChecker = checker("a shadow's progress", Progress);

/** A shadow's record: what is shown of it, and where its next runner goes on. Whoever was replaced writes no more. */
export class RecordKeeper {
  readonly #bucket: KvBucket;
  readonly #key: string;
  #revision: number;
  readonly progress: Progress | undefined;
  readonly report: ShadowReport | undefined;

  private constructor(bucket: KvBucket, key: string, found: Found) {
    this.#bucket = bucket;
    this.#key = key;
    this.#revision = found.revision;
    this.progress = found.progress;
    this.report = found.report;
  }

  /** @throws CaxtonError `bus-unavailable`, `timeout`, `internal` where what is there is no record */
  static async open(bus: Pick<Bus, "kv">, agent: string, deployment: string): Promise<RecordKeeper> {
    const bucket = await bus.kv(shadowReportBucket);
    const key = shadowKey(agent, deployment);
    const entry = await bucket.get(key);
    if (entry === undefined)
      return new RecordKeeper(bucket, key, { revision: 0, progress: undefined, report: undefined });
    const { report, progress } = shadowRecord.check(decodeJson(entry.value));
    return new RecordKeeper(bucket, key, {
      revision: entry.revision,
      progress: progressChecker.check(progress),
      report,
    });
  }

  /** @throws CaxtonError `wrong-sequence` where another runner has written meanwhile */
  async write(report: ShadowReport, progress: Progress): Promise<void> {
    const value = encodeJson({ report, progress });
    this.#revision =
      this.#revision === 0
        ? await this.#bucket.create(this.#key, value)
        : await this.#bucket.update(this.#key, value, this.#revision);
  }
}

interface Found {
  readonly revision: number;
  readonly progress: Progress | undefined;
  readonly report: ShadowReport | undefined;
}
