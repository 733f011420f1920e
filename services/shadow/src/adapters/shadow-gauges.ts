import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { shadowRecord } from "@caxton/contracts/shadow";
import { shadowReportBucket } from "@caxton/contracts/subjects";
import type { Metrics } from "@caxton/telemetry/registry";
import {
  behindOutcomes,
  behindSeconds,
  comparing,
  type KnownShadow,
  messages,
  reportAges,
} from "../core/shadow-samples.ts";

/** Who looks now and then shall see how one ended. */
const toldAfterMs = 3_600_000;
/** All gauges of one collection are of one moment. */
const sameMomentMs = 250;

/**
 * What the shadows have found that this service has heard of: those under way, and those that ended within the last hour. It is
 * read from their records when metrics are, whoever runs them.
 */
export class ShadowGauges {
  readonly #bus: Pick<Bus, "kv">;
  readonly #now: () => number;
  /** By key, whether it is still wanted. */
  readonly #wanted = new Map<string, boolean>();
  #read: { readonly atMs: number; readonly shadows: Promise<readonly KnownShadow[]> } | undefined;

  constructor(bus: Pick<Bus, "kv">, now: () => number) {
    this.#bus = bus;
    this.#now = now;
  }

  /** @param isWanted whether there is anything that a runner should do for it */
  note(key: string, isWanted: boolean): void {
    this.#wanted.set(key, isWanted);
  }

  /** @returns how to end that */
  tell(metrics: Metrics): () => void {
    const ends = [
      metrics.gauge("caxton_shadow_comparing", "1 while the shadow compares, 0 for an hour afterwards.", async () =>
        comparing(await this.#shadows()),
      ),
      metrics.gauge(
        "caxton_shadow_messages",
        "Outcomes of the live version, by what the shadow made of them.",
        async () => messages(await this.#shadows()),
      ),
      metrics.gauge("caxton_shadow_behind_outcomes", "Outcomes that the shadow has not come to yet.", async () =>
        behindOutcomes(await this.#shadows()),
      ),
      metrics.gauge("caxton_shadow_behind_seconds", "Age of the outcome that the shadow is at.", async () =>
        behindSeconds(await this.#shadows()),
      ),
      metrics.gauge("caxton_shadow_report_age_seconds", "Since the shadow's runner wrote its report.", async () =>
        reportAges(await this.#shadows(), this.#now()),
      ),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  #shadows(): Promise<readonly KnownShadow[]> {
    const nowMs = this.#now();
    if (this.#read === undefined || Math.abs(nowMs - this.#read.atMs) > sameMomentMs)
      this.#read = { atMs: nowMs, shadows: this.#readAll(nowMs) };
    return this.#read.shadows;
  }

  async #readAll(nowMs: number): Promise<readonly KnownShadow[]> {
    const bucket = await this.#bus.kv(shadowReportBucket);
    const known = await Promise.all(
      [...this.#wanted].map(async ([key, isWanted]): Promise<readonly KnownShadow[]> => {
        const entry = await bucket.get(key);
        const report = entry && shadowRecord.check(decodeJson(entry.value)).report;
        const isUnderWay = isWanted && report?.ending === undefined;
        const isToldOf = isUnderWay || (report !== undefined && nowMs - report.asOfMs < toldAfterMs);
        if (!isToldOf) this.#wanted.delete(key);
        return report === undefined || !isToldOf ? [] : [{ report, isUnderWay }];
      }),
    );
    return known.flat();
  }
}
