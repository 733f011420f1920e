import type { RunResult } from "@caxton/contracts/agent-run";
import { crashesMax, type WarmUp, warmUpFailure } from "@caxton/deployment/warm-up";
import { isSteady, LatencyBlocks, median } from "./steadiness.ts";

/** As live: what may help to be tried again is tried so often before it counts as failed. */
const triesMax = 3;
const goneAfterMs = 2_000;
/** Fewer messages are no reason to end early. */
const judgedFrom = 20;

export interface WarmUpMessage {
  /** Names it for people: `message 12`, `example 0 of 'event'`. */
  readonly name: string;
  readonly id: string;
  readonly body: string;
  readonly kind?: string;
  readonly conversation?: string;
  /** Its place in the inbox; an example has none. */
  readonly sequence?: number;
}

export interface TallyOptions {
  readonly source: WarmUp["source"];
  readonly messages: readonly WarmUpMessage[];
  readonly instances: number;
  /** A breaking change of the contract is wanted: messages that it does not accept any more are no fault. */
  readonly mayRefuse: boolean;
}

interface Failed {
  readonly message: WarmUpMessage;
  readonly code: string;
  readonly reason: string;
}

/** Counts what a version answers while it is warmed up, and says what comes next. Knows no clock and no bus. */
export class WarmUpTally {
  readonly #options: TallyOptions;
  readonly #blocks = new Map<string, LatencyBlocks>();
  readonly #early: number[] = [];
  readonly #answered = new Set<WarmUpMessage>();
  readonly #tries = new Map<WarmUpMessage, number>();
  readonly #failed = new Map<WarmUpMessage, Failed>();
  readonly #regressed = new Set<WarmUpMessage>();
  /** To be asked alone: one of them ended a process, or left no time for others. */
  #alone: WarmUpMessage[] = [];
  #next = 0;
  #answers = 0;
  #crashes = 0;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  /** At most `most` messages to ask now, round and round; none where there is nothing left to ask. */
  take(most: number): readonly WarmUpMessage[] {
    const sole = this.#alone.shift();
    if (sole !== undefined) return [sole];
    const { messages } = this.#options;
    const taken: WarmUpMessage[] = [];
    for (let looked = 0; looked < messages.length && taken.length < most; looked += 1) {
      const message = messages[this.#next % messages.length];
      this.#next += 1;
      if (message !== undefined && !this.#failed.has(message)) taken.push(message);
    }
    return taken;
  }

  get mustAskAlone(): boolean {
    return this.#alone.length > 0;
  }

  /** @returns the message where it failed for good by this answer */
  answered(message: WarmUpMessage, result: RunResult, instance: string, atMs: number): WarmUpMessage | undefined {
    if (result.result === "unfinished") {
      this.again([message]);
      return undefined;
    }
    this.#answers += 1;
    this.#answered.add(message);
    if (result.result === "handled") {
      this.#handled(result.latencyMs, instance, atMs);
      return undefined;
    }
    const tries = (this.#tries.get(message) ?? 0) + 1;
    this.#tries.set(message, tries);
    if (result.retry && tries < triesMax) return undefined;
    return this.#fail({ message, code: result.code, reason: result.reason });
  }

  /** Nothing was heard of these in time. @returns the one that is to blame, where there is one */
  unanswered(messages: readonly WarmUpMessage[], code: string, reason: string): WarmUpMessage | undefined {
    const [only, ...others] = messages;
    if (only === undefined || others.length > 0) {
      this.again(messages);
      return undefined;
    }
    this.#answers += 1;
    this.#answered.add(only);
    return this.#fail({ message: only, code, reason });
  }

  /** A process of it ended; what others took until then says nothing about the one that is started instead. */
  crashed(): void {
    this.#crashes += 1;
    this.#blocks.clear();
  }

  /** To be asked alone, and next. */
  again(messages: readonly WarmUpMessage[]): void {
    this.#alone.push(...messages);
  }

  /** The version before had handled it. */
  regressed(message: WarmUpMessage): void {
    this.#regressed.add(message);
  }

  isRegression(message: WarmUpMessage): boolean {
    return !(this.#options.mayRefuse && this.#failed.get(message)?.code === "message-invalid");
  }

  /** Why to stop before the time is over; undefined where to go on. */
  get end(): "steady" | "failing" | "crashing" | "nothing-to-ask" | undefined {
    const { messages, instances } = this.#options;
    if (this.#crashes >= crashesMax) return "crashing";
    const enough = Math.min(judgedFrom, messages.length);
    if (this.#answered.size >= enough && warmUpFailure(this.found(0), true) !== undefined && messages.length > 0)
      return "failing";
    if (messages.every((message) => this.#failed.has(message))) return "nothing-to-ask";
    const living = this.#living();
    const steady = living.filter(({ medians }) => isSteady(medians));
    return steady.length >= instances && steady.length === living.length ? "steady" : undefined;
  }

  found(tookMs: number): Omit<WarmUp, "ended"> {
    const first = [...this.#regressed][0] ?? [...this.#failed.keys()][0];
    const failure = first && this.#failed.get(first);
    const after = this.#living().flatMap(({ medians }) => medians.slice(-1));
    return {
      source: this.#options.source,
      messages: this.#answered.size,
      answers: this.#answers,
      failed: this.#failed.size,
      regressed: this.#regressed.size,
      ...(failure === undefined
        ? {}
        : {
            firstFailure: { message: failure.message.name, code: failure.code, reason: failure.reason.slice(0, 300) },
          }),
      crashes: this.#crashes,
      ...(this.#early.length === 0 ? {} : { latencyBeforeMs: median(this.#early) }),
      ...(after.length === 0 ? {} : { latencyAfterMs: Math.max(...after) }),
      tookMs,
    };
  }

  /** One that went with its host is not said to have ended: it is only not heard of any more while others are. */
  #living(): readonly LatencyBlocks[] {
    const all = [...this.#blocks.values()];
    const lastAtMs = Math.max(...all.map((blocks) => blocks.lastAtMs));
    return all.filter((blocks) => lastAtMs - blocks.lastAtMs <= goneAfterMs);
  }

  #handled(latencyMs: number, instance: string, atMs: number): void {
    if (this.#early.length < earlyMessages) this.#early.push(latencyMs);
    const blocks = this.#blocks.get(instance) ?? new LatencyBlocks();
    this.#blocks.set(instance, blocks);
    blocks.add(latencyMs, atMs);
  }

  #fail(failed: Failed): WarmUpMessage {
    this.#failed.set(failed.message, failed);
    return failed.message;
  }
}

/** Of these the median is the latency before. */
const earlyMessages = 5;
