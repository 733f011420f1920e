import type { StreamInfo } from "@caxton/bus/types";
import { epochOf, type Outcome } from "@caxton/contracts/outcome";
import { inboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { readOutcome } from "@caxton/service/outcomes";
import { keptForMs, type OutcomeBound, outcomeHold, type TrimSettings } from "../core/trim-plan.ts";
import { relayedTo } from "./relayed-to.ts";
import { ResendRecords } from "./resend-records.ts";
import { arePressed, type TrimContext } from "./trim-context.ts";

/** What one step takes. */
interface Step {
  /** Everything up to here goes. */
  to: number;
  /** These go too, from between dead letters that are kept. */
  readonly single: number[];
  readonly letters: Outcome[];
  /** What lies up to here needs no second look while room is short. */
  seenTo: number;
  isFull: boolean;
}

const seenForMs = 60_000;

/**
 * Takes outcomes away, from the beginning. Where room is short, dead letters that nobody has sent again stay, and handled
 * messages go from between them.
 */
export class OutcomeTrimmer {
  readonly #context: TrimContext;
  #records: ResendRecords | undefined;
  #seen = { epochMs: 0, to: 0, sinceMs: 0 };

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
    const relayed = (await relayedTo(bus, agent, info)).position;
    const bound = outcomeBound({ info, inbox, pressed, settings }, relayed, books().position);
    const records = await this.#openRecords();
    const step = await this.#plan(info, { bound, pressed, records }, signal);
    if (signal.aborted) return false;
    const highest = Math.max(step.to, step.single.at(-1) ?? 0);
    if (highest > 0) {
      if ((await books().writeDown(Math.trunc(info.createdAtMs))) < highest) return false;
      if (step.to > 0) await bus.streams.purge(name, { belowSequence: step.to + 1, epochMs: info.createdAtMs });
      await this.#removeSingle(info, step.single);
      await records.forget(step.letters);
      log.debug({ agent_id: agent, from: info.firstSequence, to: highest, pressed }, "outcomes trimmed");
    }
    this.#looked(info.createdAtMs, step);
    return highest > 0 || step.isFull;
  }

  async #openRecords(): Promise<ResendRecords> {
    const { bus, agent, books } = this.#context;
    if (this.#records !== undefined) return this.#records;
    this.#records = await ResendRecords.open(bus, agent);
    await this.#records.sweep(bus, books());
    return this.#records;
  }

  /** Dead letters grow old too: now and then it begins at the beginning again. */
  #looked(epochMs: number, { seenTo, isFull }: Step): void {
    const nowMs = performance.now();
    const again = !isFull && nowMs - this.#seen.sinceMs > seenForMs;
    const sinceMs = this.#seen.to === 0 || again ? nowMs : this.#seen.sinceMs;
    this.#seen = { epochMs, to: again ? 0 : seenTo, sinceMs };
  }

  async #plan(
    info: StreamInfo,
    { bound, pressed, records }: { bound: OutcomeBound; pressed: boolean; records: ResendRecords },
    signal: AbortSignal,
  ): Promise<Step> {
    const { bus, settings, books } = this.#context;
    const seenTo = pressed && this.#seen.epochMs === info.createdAtMs ? this.#seen.to : 0;
    const begin = Math.max(info.firstSequence, seenTo + 1);
    const end = Math.min(bound.readTo, bound.relayedTo);
    const step: Step = { to: 0, single: [], letters: [], seenTo, isFull: false };
    if (begin > end) return step;
    let isPrefix = begin === info.firstSequence;
    let looked = 0;
    const from = { fromSequence: begin, epochMs: info.createdAtMs, signal };
    for await (const { sequence, data } of bus.streams.read(info.name, from)) {
      const outcome = readOutcome(data);
      if (outcome === undefined || !books().hasEntered(outcome)) break;
      const hold = outcomeHold({ position: sequence, outcome }, bound);
      if (hold !== undefined && hold !== "dead-letter") break;
      const isKept = hold === "dead-letter" && !(await records.wasSentAgain(outcome));
      if (isKept) isPrefix = false;
      else if (isPrefix) step.to = sequence;
      else step.single.push(sequence);
      if (!isKept && outcome.result === "dead-lettered") step.letters.push(outcome);
      step.seenTo = sequence;
      looked += 1;
      step.isFull = looked >= settings.stepMax;
      if (step.isFull || sequence >= end) break;
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
  relayed: number,
  read: number,
): OutcomeBound {
  const { info, inbox, pressed, settings } = now;
  const nowMs = Date.now();
  return {
    inboxEpoch: epochOf(inbox.createdAtMs),
    inboxFirstSequence: inbox.firstSequence,
    relayedTo: relayed,
    readTo: Math.min(read, info.lastSequence),
    decidedBeforeMs: nowMs - keptForMs(settings.outcomeRetentionMs, pressed, settings),
    lettersBeforeMs: nowMs - settings.outcomeRetentionMs,
  };
}
