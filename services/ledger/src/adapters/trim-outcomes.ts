import type { StreamInfo } from "@caxton/bus/types";
import { epochOf, type Outcome } from "@caxton/contracts/outcome";
import { inboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { readOutcome } from "@caxton/service/outcomes";
import { type LanePosition, waitedForBy } from "../core/lanes.ts";
import { isSingle, keptForMs, type OutcomeBound, outcomeHold, type TrimSettings } from "../core/trim-plan.ts";
import { TrimProgress } from "../core/trim-progress.ts";
import { relayLanes } from "./relay-lanes.ts";
import { ResendRecords } from "./resend-records.ts";
import { arePressed, type TrimContext } from "./trim-context.ts";

/** What one step takes. */
interface Step {
  /** Everything up to here goes. */
  to: number;
  /** These go too, from between those that are kept. */
  readonly single: number[];
  readonly letters: Outcome[];
  seenTo: number;
  /** As TrimProgress has it. */
  readonly waiting: Map<string, number>;
  isFull: boolean;
}

/**
 * Takes outcomes away, from the beginning. Those that a lane of the relay has yet to carry on stay, and where room is short
 * dead letters that nobody has sent again; others go from between them.
 */
export class OutcomeTrimmer {
  readonly #context: TrimContext;
  readonly #progress = new TrimProgress();
  #records: ResendRecords | undefined;

  constructor(context: TrimContext) {
    this.#context = context;
  }

  /** @returns whether a step was made */
  async step(signal: AbortSignal): Promise<boolean> {
    const { bus, log, agent, settings, books } = this.#context;
    const name = outcomeStream(agent);
    const [info, inbox] = [await bus.streams.info(name), await bus.streams.info(inboxStream(agent))];
    if (info === undefined || inbox === undefined || info.messages === 0) return false;
    const pressed = arePressed([info, inbox], settings);
    const lanes = await relayLanes(bus, agent, info);
    const bound = outcomeBound({ info, inbox, pressed, settings }, lanes, books().position);
    const records = await this.#openRecords();
    const step = await this.#plan(info, bound, records, signal);
    if (signal.aborted) return false;
    const highest = Math.max(step.to, step.single.at(-1) ?? 0);
    if (highest > 0) {
      if ((await books().writeDown(Math.trunc(info.createdAtMs))) < highest) return false;
      if (step.to > 0) await bus.streams.purge(name, { belowSequence: step.to + 1, epochMs: info.createdAtMs });
      await this.#removeSingle(info, step.single);
      await records.forget(step.letters);
      log.debug({ agent_id: agent, from: info.firstSequence, to: highest, pressed }, "outcomes trimmed");
    }
    this.#progress.looked(step.seenTo, step.waiting, !step.isFull, performance.now());
    return highest > 0 || step.isFull;
  }

  async #openRecords(): Promise<ResendRecords> {
    const { bus, agent, books } = this.#context;
    if (this.#records !== undefined) return this.#records;
    this.#records = await ResendRecords.open(bus, agent);
    await this.#records.sweep(bus, books());
    return this.#records;
  }

  async #plan(info: StreamInfo, bound: OutcomeBound, records: ResendRecords, signal: AbortSignal): Promise<Step> {
    const { bus, settings, books } = this.#context;
    const seenTo = this.#progress.seenTo(info.createdAtMs, bound.lanes, performance.now());
    const begin = Math.max(info.firstSequence, seenTo + 1);
    const step: Step = { to: 0, single: [], letters: [], seenTo, waiting: new Map(), isFull: false };
    if (begin > bound.readTo) return step;
    let isPrefix = begin === info.firstSequence;
    let looked = 0;
    const from = { fromSequence: begin, epochMs: info.createdAtMs, signal };
    for await (const { sequence, data } of bus.streams.read(info.name, from)) {
      const outcome = readOutcome(data);
      if (outcome === undefined || !books().hasEntered(outcome)) break;
      const hold = outcomeHold({ position: sequence, outcome }, bound);
      if (hold !== undefined && !isSingle(hold)) break;
      for (const lane of hold === "lane" ? waitedForBy(sequence, outcome.outputs, bound.lanes) : [])
        if (!step.waiting.has(lane)) step.waiting.set(lane, sequence);
      const isKept = hold === "lane" || (hold === "dead-letter" && !(await records.wasSentAgain(outcome)));
      if (isKept) isPrefix = false;
      else if (isPrefix) step.to = sequence;
      else step.single.push(sequence);
      if (!isKept && outcome.result === "dead-lettered") step.letters.push(outcome);
      step.seenTo = sequence;
      looked += 1;
      step.isFull = looked >= settings.stepMax;
      if (step.isFull || sequence >= bound.readTo) break;
    }
    return step;
  }

  async #removeSingle(info: StreamInfo, sequences: readonly number[]): Promise<void> {
    const { streams } = this.#context.bus;
    if (sequences.length === 0 || (await streams.info(info.name))?.createdAtMs !== info.createdAtMs) return;
    await streams.remove(info.name, sequences);
  }
}

/** What every outcome is held against. */
export function outcomeBound(
  now: {
    readonly info: StreamInfo;
    readonly inbox: StreamInfo;
    readonly pressed: boolean;
    readonly settings: TrimSettings;
  },
  lanes: readonly LanePosition[],
  read: number,
): OutcomeBound {
  const { info, inbox, pressed, settings } = now;
  const nowMs = Date.now();
  return {
    inboxEpoch: epochOf(inbox.createdAtMs),
    inboxFirstSequence: inbox.firstSequence,
    lanes,
    readTo: Math.min(read, info.lastSequence),
    decidedBeforeMs: nowMs - keptForMs(settings.outcomeRetentionMs, pressed, settings),
    lettersBeforeMs: nowMs - settings.outcomeRetentionMs,
  };
}
