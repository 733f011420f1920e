import type { Inbound } from "@caxton/contracts/inbound";
import type { Attempt, Outcome } from "@caxton/contracts/outcome";
import { readPath } from "@caxton/deployment/shadow/path";
import type { ShadowSpec } from "@caxton/contracts/shadow";
import { type Difference, outputDifferences } from "../core/outputs.ts";
import { selfRunsPerSecond, wantsSelfRun } from "../core/self-runs.ts";
import type { Likeness } from "../core/structure.ts";
import { countCompared, countFailed, countSelf, noteLatencies, type Tally } from "../core/tally.ts";
import type { LiveVersions } from "./live-versions.ts";
import type { Told } from "./version-asker.ts";

/** A message that the live version handled. */
export interface Handled {
  readonly outcome: Outcome;
  readonly message: Inbound;
}

/** Holds a shadow's answers against the stored outcomes, and now and then the live version against itself. */
export class Comparer {
  readonly #spec: ShadowSpec;
  readonly #live: LiveVersions;
  readonly #likeness: Likeness;
  #selfRunsAtMs: readonly number[] = [];

  constructor(spec: ShadowSpec, live: LiveVersions) {
    this.#spec = spec;
    this.#live = live;
    const { ignore, tolerance } = spec.settings;
    this.#likeness = { tolerance, ignore: ignore.map(readPath).flatMap((read) => (read.ok ? [read.segments] : [])) };
  }

  async compare(tally: Tally, { outcome, message }: Handled, told: Told | undefined): Promise<void> {
    const { sequence, messageId, version: live = "" } = outcome;
    if (told === undefined) {
      tally.missed.unanswered += 1;
      return;
    }
    const judged = { live, sequence, messageId };
    if (told.result === "failed") return countFailed(tally, judged, told.code, told.reason);
    const attempt = outcome.attempts.findLast(isHandled);
    const { compare } = this.#spec.settings;
    if (attempt !== undefined && compare.includes("performance_metrics")) {
      noteLatencies(tally, this.#spec.deployment, attempt.latencyMs, told.latencyMs);
    }
    const isCompared = compare.includes("output_equivalence");
    const differences = isCompared ? outputDifferences(outcome.outputs, told.outputs, this.#likeness) : [];
    countCompared(tally, judged, differences);
    if (isCompared) await this.#askLiveAgain(tally, { outcome, message }, differences);
  }

  async #askLiveAgain(tally: Tally, { outcome, message }: Handled, differences: readonly Difference[]): Promise<void> {
    const groups = differences.map(({ group }) => group);
    const nowMs = performance.now();
    this.#selfRunsAtMs = this.#selfRunsAtMs.filter((atMs) => atMs > nowMs - 1_000).slice(-selfRunsPerSecond);
    if (!wantsSelfRun(tally, outcome.messageId, groups, this.#selfRunsAtMs.length)) return;
    this.#selfRunsAtMs = [...this.#selfRunsAtMs, nowMs];
    const told = await this.#live.askAgain(outcome.version ?? "", message);
    if (told?.result !== "handled") tally.self.unanswered += 1;
    else countSelf(tally, groups, outputDifferences(outcome.outputs, told.outputs, this.#likeness));
  }
}

function isHandled({ result }: Attempt): boolean {
  return result === "handled";
}
