import { setTimeout as delay } from "node:timers/promises";
import { CaxtonError, type ErrorCode, hasCode, isErrorCode, toCaxtonError } from "@caxton/contracts/errors";
import type { Gateway } from "../gateway-client.ts";
import { isPassing, Patience } from "../patience.ts";
import { type Continuation, messageId } from "./continuation.ts";
import type { SourceMessage } from "./read-messages.ts";
import type { Tally } from "./tally.ts";

/** It is not known of these whether they were accepted. */
export class BrokenOff extends CaxtonError {
  readonly unknown: readonly SourceMessage[];

  constructor(error: CaxtonError, unknown: readonly SourceMessage[]) {
    super(error.code, error.message, { cause: error });
    this.unknown = unknown;
  }
}

interface SendingOptions {
  readonly gateway: Pick<Gateway, "sendMessages">;
  readonly agent: string;
  readonly kind: string;
  readonly conversation: string;
  readonly tally: Tally;
  /** Names a new sending. */
  readonly run: string;
  /** Where an earlier one broke off. */
  readonly continued: Continuation | undefined;
  /** Most messages in a batch. */
  readonly batchMaxCount: number;
  /** Ends the waiting for what is away. */
  readonly signal: AbortSignal;
  readonly onAway: (error: CaxtonError) => void;
}

/**
 * Sends messages, each under an id of its own, so that what may have been accepted is sent again and stored once. A gateway or a bus
 * that goes away is waited for.
 */
export class Sending {
  readonly #options: SendingOptions;
  /** Everything below is accepted or refused. */
  #at: Continuation;
  #answered = false;
  /** As many as may have been under way when an earlier sending broke off. */
  #unsure: number;

  constructor(options: SendingOptions) {
    this.#options = options;
    this.#at = options.continued ?? { run: options.run, from: 1, after: 0 };
    this.#unsure = options.continued === undefined ? 0 : options.batchMaxCount;
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** Where it goes on. */
  get next(): Continuation {
    return this.#at;
  }

  /** Until all of them are accepted or refused. @throws BrokenOff where it is given up, CaxtonError what the gateway refuses */
  async send(batch: readonly SourceMessage[]): Promise<void> {
    const { signal, onAway } = this.#options;
    const patience = new Patience();
    const { after } = this.#at;
    let rest = batch;
    const isContinued = this.#unsure > 0;
    let isAgain = isContinued;
    for (;;) {
      const { left, error } = await this.#once(rest, isAgain ? after : undefined, isContinued);
      rest = left;
      if (error === undefined) break;
      this.#at = { ...this.#at, from: rest[0]?.number ?? this.#at.from, after };
      if (!this.#answered || signal.aborted || patience.isOver()) throw new BrokenOff(error, rest);
      // Where nothing was accepted before, the whole inbox would have to be read, and its window for repeated ids does as well.
      isAgain ||= after > 0;
      onAway(error);
      await delay(patience.pauseMs, undefined, { signal }).catch(() => undefined);
    }
    this.#unsure = Math.max(0, this.#unsure - batch.length);
    const last = batch.at(-1)?.number ?? 0;
    this.#at = { ...this.#at, from: last + 1, after: this.#options.tally.lastSequence ?? after };
  }

  async #once(
    batch: readonly SourceMessage[],
    unlessAfter: number | undefined,
    isContinued: boolean,
  ): Promise<{ readonly left: readonly SourceMessage[]; readonly error?: CaxtonError }> {
    const { gateway, agent, kind, conversation, tally } = this.#options;
    const { run } = this.#at;
    const messages = batch.map(({ body, number }) => ({ body, kind, conversation, id: messageId(run, number) }));
    try {
      const { results } = await gateway.sendMessages(agent, messages, unlessAfter);
      this.#answered = true;
      let error: CaxtonError | undefined;
      const left = batch.filter((message, index) => {
        const { sequence = 0, duplicate = false, errorCode = "internal", errorMessage = silent } = results[index] ?? {};
        if (errorCode === "") {
          tally.accept(sequence, duplicate && isContinued);
          return false;
        }
        const code: ErrorCode = isErrorCode(errorCode) ? errorCode : "internal";
        const refused = new CaxtonError(code, errorMessage);
        if (isAway(refused)) {
          error ??= refused;
          return true;
        }
        tally.refuse({ place: message.place, code, message: errorMessage });
        return false;
      });
      return error === undefined ? { left } : { left, error };
    } catch (thrown) {
      const error = toCaxtonError(thrown);
      if (!isAway(error)) throw error;
      return { left: batch, error };
    }
  }
}

const silent = "the gateway said nothing about it";

/** Whether it may have been accepted all the same, and may be when it is sent again. */
function isAway(error: CaxtonError): boolean {
  return isPassing(error) || hasCode(error, "timeout");
}
