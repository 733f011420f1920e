import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { Inbound } from "@caxton/contracts/inbound";
import { outcomeStream, shadowBucket, shadowKey } from "@caxton/contracts/subjects";
import { type ShadowReport, type ShadowSpec, shadowSpec } from "@caxton/contracts/shadow";
import { positionAt } from "@caxton/service/position-at";
import { emptyTally, noteCpu, noteMemory, type Side, type Tally } from "../core/tally.ts";
import { reportOf } from "../core/report.ts";
import { batches } from "./batches.ts";
import { Comparer, type Handled } from "./comparer.ts";
import { type Candidate, handledMessages } from "./handled-messages.ts";
import { LiveVersions } from "./live-versions.ts";
import { type Progress, RecordKeeper } from "./record.ts";
import { UsageMeter } from "./usage.ts";
import { VersionAsker } from "./version-asker.ts";

/** As many as a request of a router has at most; small enough that whoever stops it does not wait. */
const batchMax = 32;
const batchWaitMs = 20;
const idleMs = 200;
const saveEveryMs = 1_000;
const meterEveryMs = 1_000;
type Ending = NonNullable<ShadowReport["ending"]>;

export interface ShadowRunOptions {
  readonly bus: Bus;
  readonly spec: ShadowSpec;
  /** Further behind the live version it is cut off, in ms. */
  readonly behindMaxMs: number;
  readonly now: () => number;
  /** Aborted when somebody stopped the shadow. */
  readonly stopped: AbortSignal;
}

/**
 * Runs a shadow from where its record says to its end: its time is over, or its agent was undeployed, and everything of that
 * time is compared; somebody stopped it; or it is too far behind. What it counted is written down together with how far it came, so that nothing counts
 * twice. @throws CaxtonError `wrong-sequence` where another runner took over, `bus-unavailable`, `timeout`
 */
export async function runShadow(options: ShadowRunOptions): Promise<void> {
  const { bus, spec } = options;
  const record = await RecordKeeper.open(bus, spec.agent, spec.deployment);
  if (record.report?.ending !== undefined) return;
  await new ShadowRun(options, record, await startingPoint(bus, spec, record.progress)).run();
}

async function startingPoint(
  bus: Bus,
  { agent, startedAtMs }: ShadowSpec,
  known: Progress | undefined,
): Promise<Progress> {
  const stream = outcomeStream(agent);
  const info = await bus.streams.info(stream);
  const outcomeEpochMs = info?.createdAtMs ?? 0;
  if (known?.outcomeEpochMs === outcomeEpochMs) return known;
  const position = (await positionAt(bus.streams, stream, startedAtMs)) - 1;
  return { outcomeEpochMs, position, tally: known?.tally ?? emptyTally() };
}

function boundOf({ endsAtMs, undeployedAtMs = Infinity }: ShadowSpec): {
  readonly atMs: number;
  readonly ending: Ending;
} {
  return undeployedAtMs < endsAtMs
    ? {
        atMs: undeployedAtMs,
        ending: { cause: "undeployed", message: "its agent was undeployed and everything until then is compared" },
      }
    : { atMs: endsAtMs, ending: { cause: "over", message: "its time is over and everything of it is compared" } };
}

class ShadowRun {
  readonly #options: ShadowRunOptions;
  readonly #record: RecordKeeper;
  readonly #tally: Tally;
  readonly #outcomeEpochMs: number;
  readonly #over = new AbortController();
  readonly #live: LiveVersions;
  readonly #comparer: Comparer;
  readonly #asker: VersionAsker;
  readonly #meters: Record<Side, { readonly version: string; readonly meter: UsageMeter } | undefined>;
  /** From then on nothing that is stored is its business, and why. */
  #bound: { readonly atMs: number; readonly ending: Ending };
  #position: number;
  /** When the first outcome was stored of those that are being compared. */
  #firstWaitingAtMs: number | undefined;
  #lagMs = 0;
  #asked = 0;
  #ending: Ending | undefined;
  #instances: ShadowReport["instances"] = { ready: 0, restarts: 0 };
  #savedAtMs = -Infinity;
  #meteredAtMs = -Infinity;
  /** Messages until the last look at what they took. */
  readonly #done: Record<Side, number> = { live: 0, shadow: 0 };

  constructor(options: ShadowRunOptions, record: RecordKeeper, from: Progress) {
    const { bus, spec, stopped } = options;
    const { agent, version, messageTimeoutMs } = spec;
    this.#options = options;
    this.#record = record;
    this.#tally = from.tally;
    this.#bound = boundOf(spec);
    this.#position = from.position;
    this.#outcomeEpochMs = from.outcomeEpochMs;
    const signal = AbortSignal.any([stopped, this.#over.signal]);
    this.#live = new LiveVersions(bus, agent, signal);
    this.#comparer = new Comparer(spec, this.#live);
    this.#asker = new VersionAsker({ bus, agent, version, messageTimeoutMs, signal });
    this.#meters = { shadow: { version, meter: new UsageMeter(bus, agent, version) }, live: undefined };
    const stop = (): void => this.#end("stopped", "it was stopped before its time was over");
    stopped.addEventListener("abort", stop, { once: true });
    // It may have been stopped while its runner started.
    if (stopped.aborted) stop();
  }

  async run(): Promise<void> {
    const { bus, spec } = this.#options;
    await this.#lookForBound();
    if (this.#ending === undefined) await this.#save();
    const candidates = handledMessages(bus, spec, this.#position + 1, this.#over.signal);
    // While nobody answers no batch comes to its end: it is cut off all the same.
    const watch = setInterval(() => this.#checkLag(), idleMs);
    try {
      for await (const batch of batches(candidates, { max: batchMax, waitMs: batchWaitMs, idleMs })) {
        if (this.#ending !== undefined) break;
        await this.#take(batch);
        await this.#keepUp(batch.length === 0);
      }
    } finally {
      clearInterval(watch);
      this.#over.abort();
    }
    await this.#meter();
    await this.#save();
  }

  #end(cause: Ending["cause"], message: string): void {
    this.#ending ??= { cause, message };
    this.#over.abort();
  }

  async #take(batch: readonly Candidate[]): Promise<void> {
    const { now } = this.#options;
    const due = batch.filter(({ storedAtMs }) => storedAtMs < this.#bound.atMs);
    this.#firstWaitingAtMs = due[0]?.storedAtMs;
    const handled = due.flatMap(({ outcome, message }): readonly Handled[] =>
      outcome === undefined || typeof message === "string" ? [] : [{ outcome, message }],
    );
    const told = handled.length === 0 ? [] : await this.#ask(handled);
    // Stopped in the middle: what was not asked is not counted, neither here nor by whoever carries on.
    if (this.#ending?.cause === "stopped") return;
    for (const { message } of due) this.#count(message);
    for (const [index, one] of handled.entries()) await this.#comparer.compare(this.#tally, one, told[index]);
    this.#position = due.at(-1)?.position ?? this.#position;
    this.#lagMs = this.#firstWaitingAtMs === undefined ? 0 : Math.max(0, now() - this.#firstWaitingAtMs);
    this.#firstWaitingAtMs = undefined;
    if (due.length < batch.length) this.#endAtBound();
  }

  async #ask(handled: readonly Handled[]): ReturnType<VersionAsker["ask"]> {
    const revision = (await this.#live.route())?.revision ?? 0;
    this.#asked += handled.length;
    return await this.#asker.ask(
      handled.map(({ message }) => message),
      revision,
    );
  }

  #count(message: Inbound | "not-handled" | "unwanted" | "gone"): void {
    this.#tally.read += 1;
    if (message === "not-handled") this.#tally.notHandled += 1;
    if (message === "unwanted") this.#tally.notSampled += 1;
    if (message === "gone") this.#tally.missed.trimmed += 1;
  }

  #checkLag(): void {
    const { behindMaxMs, now } = this.#options;
    const waitedMs = this.#firstWaitingAtMs === undefined ? this.#lagMs : now() - this.#firstWaitingAtMs;
    if (waitedMs > behindMaxMs)
      this.#end(
        "behind",
        `it was ${Math.round(waitedMs / 1_000)} s behind the live version, ${Math.round(behindMaxMs / 1_000)} s are allowed`,
      );
  }

  async #keepUp(isIdle: boolean): Promise<void> {
    if (isIdle) this.#lagMs = 0;
    this.#checkLag();
    if (isIdle && this.#options.now() > this.#bound.atMs + idleMs) this.#endAtBound();
    if (performance.now() - this.#meteredAtMs > meterEveryMs) {
      await this.#lookForBound();
      await this.#meter();
    }
    if (this.#ending === undefined && performance.now() - this.#savedAtMs > saveEveryMs) await this.#save();
  }

  #endAtBound(): void {
    const { cause, message } = this.#bound.ending;
    this.#end(cause, message);
  }

  /** Its agent may have been undeployed meanwhile. */
  async #lookForBound(): Promise<void> {
    const { bus, spec } = this.#options;
    const entry = await (await bus.kv(shadowBucket)).get(shadowKey(spec.agent, spec.deployment));
    if (entry !== undefined) this.#bound = boundOf(shadowSpec.check(decodeJson(entry.value)));
  }

  /** What both versions take, and for how many messages. */
  async #meter(): Promise<void> {
    const { bus, spec } = this.#options;
    const { agent } = spec;
    const live = (await this.#live.route())?.targets.toSorted((a, b) => b.share - a.share)[0]?.version;
    if (live !== this.#meters.live?.version)
      this.#meters.live = live === undefined ? undefined : { version: live, meter: new UsageMeter(bus, agent, live) };
    const outcomes = (await bus.streams.info(outcomeStream(agent)))?.lastSequence ?? 0;
    this.#meteredAtMs = performance.now();
    for (const [side, done] of [["live", outcomes] as const, ["shadow", this.#asked] as const]) {
      const usage = await this.#meters[side]?.meter.look();
      if (usage === undefined) continue;
      if (side === "shadow") this.#noteInstances(usage.slots);
      if (!spec.settings.compare.includes("resource_usage")) continue;
      if (usage.memoryBytes !== undefined) noteMemory(this.#tally, side, usage.memoryBytes);
      // Hosts say it once a second: where they said nothing new, the span goes on.
      if (usage.cpuMs === 0) continue;
      if (usage.cpuMs !== undefined && done > this.#done[side])
        noteCpu(this.#tally, side, usage.cpuMs, done - this.#done[side]);
      this.#done[side] = done;
    }
  }

  #noteInstances(slots: Awaited<ReturnType<UsageMeter["look"]>>["slots"]): void {
    const trouble = slots.find(({ state, reason }) => state !== "ready" && reason !== undefined)?.reason;
    this.#instances = {
      ready: slots.filter(({ state }) => state === "ready").length,
      restarts: slots.reduce((total, { restarts }) => total + restarts, 0),
      ...(trouble === undefined ? {} : { trouble }),
    };
  }

  async #save(): Promise<void> {
    const { bus, spec, now } = this.#options;
    const last = (await bus.streams.info(outcomeStream(spec.agent)))?.lastSequence ?? 0;
    // What was decided later is none of its business.
    const isAtBound = this.#ending?.cause === "over" || this.#ending?.cause === "undeployed";
    const left = isAtBound ? 0 : Math.max(0, last - this.#position);
    if (this.#ending?.cause === "behind") this.#tally.missed.behind = Math.round(left * spec.settings.sample);
    const endedAtMs = this.#ending === undefined ? {} : { endedAtMs: now(), ending: this.#ending };
    const report = reportOf(spec, this.#tally, {
      nowMs: now(),
      ...endedAtMs,
      instances: this.#instances,
      behind: { outcomes: left, ms: left === 0 ? 0 : this.#lagMs },
    });
    await this.#record.write(report, {
      outcomeEpochMs: this.#outcomeEpochMs,
      position: this.#position,
      tally: this.#tally,
    });
    this.#savedAtMs = performance.now();
  }
}
