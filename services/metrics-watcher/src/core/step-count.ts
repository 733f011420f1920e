import type { Outcome } from "@caxton/contracts/outcome";
import type { InFlight, StepCounts, WatchedStep, WatchRequest } from "@caxton/contracts/watched-step";
import type { ExperimentTally } from "@caxton/deployment/experiment";
import { StepJudge } from "@caxton/deployment/verdict/step-judge";
import { ExperimentCount } from "./experiment-count.ts";
import { SampleTimeline } from "./sample-timeline.ts";
import { StableBaseline } from "./stable-baseline.ts";
import { toldBy } from "./told-by-outcome.ts";

/** What a router said about messages in flight is old after this, in ms: it says it every quarter of a second. */
const inFlightTtlMs = 1_000;

/** One step of a rollout, counted out of its outcomes. The same outcomes in the same order always come to the same. */
export class StepCount {
  readonly #request: WatchRequest;
  readonly #judge: StepJudge;
  readonly #timeline = new SampleTimeline();
  readonly #baseline: StableBaseline;
  readonly #counts: StepCounts = {
    handled: 0,
    failed: 0,
    fallbacks: 0,
    messageAtFault: 0,
    overflow: 0,
    stableHandled: 0,
    stableFailed: 0,
  };
  readonly #experiment: ExperimentCount | undefined;
  /** When each router was last heard, Unix ms. */
  readonly #heardAtMs = new Map<string, number>();

  constructor(request: WatchRequest) {
    this.#request = request;
    this.#judge = new StepJudge({ step: request.step, rules: request.rules, startMs: request.sinceMs });
    this.#baseline = new StableBaseline(request.rules);
    this.#experiment = request.measure && new ExperimentCount(request.measure);
  }

  get version(): string {
    return this.#request.version;
  }

  /** When the message was decided that was one too many, Unix ms. */
  get breachedAtMs(): number | undefined {
    return this.#judge.breachedAtMs;
  }

  add(outcome: Outcome): void {
    const told = toldBy(outcome, this.#request);
    const counts = this.#counts;
    this.#experiment?.add(outcome, told);
    switch (told.kind) {
      case "handled":
        counts.handled += 1;
        break;
      case "failed":
        counts.failed += 1;
        if (told.isFallback) counts.fallbacks += 1;
        break;
      case "message-at-fault":
        counts.messageAtFault += 1;
        return;
      case "overflow":
        counts.overflow += 1;
        return;
      case "stable":
        if (told.sample.failed) counts.stableFailed += 1;
        else counts.stableHandled += 1;
        this.#baseline.add(told.sample);
        return;
      case "nothing":
        return;
    }
    const { sample } = told;
    const baselines = this.#baseline.renewed(sample.atMs);
    if (baselines !== undefined) this.#judge.setBaselines(baselines);
    this.#timeline.add(sample);
    this.#judge.add(sample);
  }

  addInFlight({ router, version, routeRevision, agesMs }: InFlight, nowMs: number): void {
    if (version !== this.#request.version || routeRevision < this.#request.routeRevision) return;
    this.#heardAtMs.set(router, nowMs);
    this.#judge.addInFlight(router, agesMs, nowMs);
  }

  /** What the largest instance of each version takes, in bytes. */
  addMemory(bytes: number, stableBytes: number | undefined, nowMs: number): void {
    if (stableBytes !== undefined) {
      this.#judge.setBaselines(new Map([["memory", { observed: stableBytes, atMost: stableBytes }]]));
    }
    this.#judge.addMemory(bytes, nowMs);
  }

  /** @param isCurrent whether all that is stored was counted; until then nothing passes */
  look(watcher: string, isCurrent: boolean, nowMs: number): WatchedStep {
    this.#forgetSilent(nowMs);
    const { deployment, step } = this.#request;
    const verdict = this.#judge.verdict(this.#timeline, nowMs);
    const outcome = verdict.outcome === "pass" && !isCurrent ? "inconclusive" : verdict.outcome;
    const { breachedAtMs } = this;
    return {
      watcher,
      deployment,
      step,
      verdict: { outcome, asOfMs: verdict.asOfMs, findings: verdict.findings.map((finding) => ({ ...finding })) },
      ...(breachedAtMs === undefined ? {} : { breachedAtMs }),
      counts: { ...this.#counts },
      ...(isCurrent && this.#experiment !== undefined ? { experiment: copyOf(this.#experiment.tally) } : {}),
    };
  }

  #forgetSilent(nowMs: number): void {
    for (const [router, heardAtMs] of this.#heardAtMs) {
      if (heardAtMs >= nowMs - inFlightTtlMs) continue;
      this.#heardAtMs.delete(router);
      this.#judge.addInFlight(router, [], nowMs);
    }
  }
}

function copyOf({ stable, candidate, leftOut }: ExperimentTally): NonNullable<WatchedStep["experiment"]> {
  return { stable: { ...stable }, candidate: { ...candidate }, leftOut };
}
