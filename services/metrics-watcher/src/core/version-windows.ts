import type { VersionWindow } from "@caxton/contracts/windows";
import { LatencySketch } from "./latency-sketch.ts";

/** What time is counted in, in ms. */
export const bucketMs = 250;

interface Bucket {
  handled: number;
  readonly failures: Map<string, number>;
  readonly latency: LatencySketch;
}

export interface CountedAttempt {
  /** When the message was decided, Unix ms. */
  readonly atMs: number;
  readonly result: "handled" | "failed";
  readonly code?: string | undefined;
  readonly latencyMs: number;
}

/** One version's attempts in buckets of time; what is older than `keepMs` behind the newest is forgotten. */
export class VersionWindows {
  readonly #buckets = new Map<number, Bucket>();
  readonly #keepMs: number;
  #firstAtMs = Number.POSITIVE_INFINITY;
  #lastAtMs = 0;

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  count({ atMs, result, code, latencyMs }: CountedAttempt): void {
    if (atMs <= this.#lastAtMs - this.#keepMs) return;
    const index = Math.floor(atMs / bucketMs);
    const bucket = this.#buckets.get(index) ?? { handled: 0, failures: new Map(), latency: new LatencySketch() };
    this.#buckets.set(index, bucket);
    if (result === "handled") bucket.handled += 1;
    else increase(bucket.failures, code ?? "internal", 1);
    bucket.latency.add(latencyMs);
    this.#firstAtMs = Math.min(this.#firstAtMs, atMs);
    if (atMs > this.#lastAtMs) this.#advance(atMs);
  }

  /** Whether all that is known lies more than `keepMs` before `nowMs`: nobody can ask for it any more. */
  isPast(nowMs: number): boolean {
    return this.#lastAtMs < nowMs - this.#keepMs;
  }

  /** What happened in the last `windowMs` before `nowMs`, with the bucket that is under way. */
  window(version: string, windowMs: number, nowMs: number): VersionWindow {
    const first = Math.floor((nowMs - windowMs) / bucketMs) + 1;
    const last = Math.floor(nowMs / bucketMs);
    const latency = new LatencySketch();
    const failures = new Map<string, number>();
    let handled = 0;
    for (const [index, bucket] of this.#buckets) {
      if (index < first || index > last) continue;
      handled += bucket.handled;
      latency.include(bucket.latency);
      for (const [code, count] of bucket.failures) increase(failures, code, count);
    }
    const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
    const attempts = handled + failed;
    const atWorkMs = Math.max(bucketMs, Math.min(windowMs, nowMs - this.#firstAtMs));
    return {
      version,
      handled,
      failed,
      failures: Object.fromEntries(failures),
      errorRate: attempts === 0 ? 0 : failed / attempts,
      perSecond: (attempts * 1_000) / atWorkMs,
      ...(attempts === 0 ? {} : { latencyMs: quantilesOf(latency) }),
      lastAtMs: this.#lastAtMs,
    };
  }

  #advance(atMs: number): void {
    this.#lastAtMs = atMs;
    const oldest = Math.floor((atMs - this.#keepMs) / bucketMs);
    // Buckets come in nearly in order, so the oldest are met first.
    for (const index of this.#buckets.keys()) {
      if (index >= oldest) break;
      this.#buckets.delete(index);
    }
  }
}

function quantilesOf(latency: LatencySketch): { p50: number; p90: number; p99: number; max: number } {
  return {
    p50: latency.quantileMs(0.5),
    p90: latency.quantileMs(0.9),
    p99: latency.quantileMs(0.99),
    max: latency.maxMs,
  };
}

function increase(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
