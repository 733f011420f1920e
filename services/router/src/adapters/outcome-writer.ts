import type { Bus } from "@caxton/bus/types";
import { CaxtonError, hasCode, toCaxtonError } from "@caxton/contracts/errors";
import { outcomeStream, outcomeSubject } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { nextDelayMs } from "../core/backoff.ts";
import { outcomeRecord, type OutcomeRecord } from "../core/outcome-record.ts";
import type { Decision } from "../core/judgement.ts";
import type { OutcomeFeed } from "../relay/outcome-feed.ts";
import type { Held } from "./held.ts";
import { pause } from "./signal.ts";

type Final = Exclude<Decision, { kind: "again" }>;

export interface OutcomeWriterOptions {
  readonly bus: Pick<Bus, "store">;
  readonly log: Logger;
  readonly agent: string;
  /** Told of every outcome that is stored. */
  readonly feed: OutcomeFeed;
  /** `trouble` came or went. */
  troubleChanged(): void;
}

const retryDelays = { minMs: 25, maxMs: 1_000 };

/** Stores what became of an agent's messages. */
export class OutcomeWriter {
  readonly #options: OutcomeWriterOptions;
  /** Outcomes that wait because their stream takes none. */
  #waiting = 0;
  /** One of them is tried again and again, on behalf of all; settles when it is not any more. */
  #probing: Promise<boolean> | undefined;
  #trouble: CaxtonError | undefined;

  constructor(options: OutcomeWriterOptions) {
    this.#options = options;
  }

  /** Why outcomes wait, where their stream takes none: `outcomes-full`, or what the server says. */
  get trouble(): CaxtonError | undefined {
    return this.#trouble;
  }

  /**
   * Stores what became of a message as the first record of its subject. The first stored wins: where another was there
   * before, this message is decided too.
   * @returns false if `signal` aborted before the store was decided; then the message must not be acknowledged
   */
  async store(held: Held, final: Final, signal: AbortSignal): Promise<boolean> {
    const record = outcomeRecord(held.inbound, held.attempts, final, Date.now());
    let delayMs = 0;
    while (!signal.aborted) {
      try {
        await this.#tryOnce(record);
        return true;
      } catch (error) {
        const trouble = troubleIn(error, this.#options.agent);
        if (trouble !== undefined) return await this.#storeAfter(trouble, record, signal);
        const { agent, sequence } = record.outcome;
        const { code, message } = toCaxtonError(error);
        // One line when it begins; while the bus is away every message is in this loop.
        if (delayMs === 0)
          this.#options.log.debug({ agent_id: agent, sequence, code }, `outcome not stored yet: ${message}`);
        delayMs = nextDelayMs(delayMs, retryDelays);
        await pause(delayMs, signal);
      }
    }
    return false;
  }

  async #tryOnce({ outcome, data }: OutcomeRecord): Promise<void> {
    const { bus, feed } = this.#options;
    const subject = outcomeSubject(outcome.agent, outcome.epoch, outcome.sequence);
    try {
      const stored = await bus.store(subject, data, { expectLastSubjectSequence: 0 });
      feed.stored(stored.sequence, outcome, data.length);
    } catch (error) {
      if (hasCode(error, "wrong-sequence")) return;
      feed.interrupted();
      throw error;
    }
  }

  /** One is tried until it is stored, then all are, once each; the trouble is over when none waits any more. */
  async #storeAfter(trouble: CaxtonError, record: OutcomeRecord, signal: AbortSignal): Promise<boolean> {
    const once = (): Promise<boolean> =>
      this.#tryOnce(record).then(
        () => true,
        () => false,
      );
    this.#waiting += 1;
    this.#setTrouble(trouble);
    try {
      let isStored = false;
      while (!isStored && !signal.aborted) {
        if (this.#probing === undefined) return await (this.#probing = this.#probe(once, signal));
        await this.#probing;
        isStored = await once();
      }
      return isStored;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#setTrouble(undefined);
    }
  }

  async #probe(once: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    try {
      for (let delayMs = retryDelays.minMs; !signal.aborted; delayMs = nextDelayMs(delayMs, retryDelays)) {
        await pause(delayMs, signal);
        if (await once()) return true;
      }
      return false;
    } finally {
      this.#probing = undefined;
    }
  }

  #setTrouble(trouble: CaxtonError | undefined): void {
    const { agent, log } = this.#options;
    const before = this.#trouble?.code;
    this.#trouble = trouble;
    if (before === trouble?.code) return;
    if (trouble === undefined) log.info({ agent_id: agent }, "outcomes are stored again");
    else log.warn({ agent_id: agent, code: trouble.code }, `no outcome is stored: ${trouble.message}`);
    this.#options.troubleChanged();
  }
}

/** Where an error is neither about one outcome nor about the way to the server: the stream takes nothing now. */
function troubleIn(error: unknown, agent: string): CaxtonError | undefined {
  const stream = outcomeStream(agent);
  const held = "what was decided is held until it can be stored";
  if (hasCode(error, "inbox-full"))
    return new CaxtonError(
      "outcomes-full",
      `${stream} is full: ${held}; \`caxton get ${agent}\` says what keeps it full`,
    );
  if (hasCode(error, "unknown-agent"))
    return new CaxtonError("stream-not-found", `there is no stream ${stream}: ${held}`);
  const isAnswer = hasCode(error, "bus-unavailable") && error.details["natsCode"] !== undefined;
  return isAnswer ? new CaxtonError("bus-unavailable", `${error.message}; ${held}`) : undefined;
}
