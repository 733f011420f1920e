import type { Bus } from "@caxton/bus/types";
import type { DeadLetterEntry, DeadLettersRequest } from "@caxton/contracts/dead-letters";
import { CaxtonError } from "@caxton/contracts/errors";
import type { Ledger } from "@caxton/contracts/ledger";
import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream, outcomeStream } from "@caxton/contracts/subjects";
import { followOutcomes } from "@caxton/service/outcomes";
import { Account, ledgerOf } from "../core/account.ts";
import { DeadLetterIndex } from "../core/dead-letter-index.ts";

/** How long an answer waits for outcomes that are stored and not read yet, in ms. */
const catchUpMaxMs = 2_000;

/** Keeps one agent's account by reading its outcomes; nothing is written, so several ledgers do no harm. */
export class AgentBooks {
  readonly #account = new Account();
  readonly #letters = new DeadLetterIndex();
  readonly #bus: Bus;
  readonly #agent: string;
  readonly #waiting = new Set<() => void>();
  #position = 0;

  constructor(bus: Bus, agent: string) {
    this.#bus = bus;
    this.#agent = agent;
  }

  /** Reads until `signal` aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    for await (const { position, outcome } of followOutcomes(this.#bus, this.#agent, { signal })) {
      // A stream that was made again counts from 1.
      if (position <= this.#position) this.#letters.clear();
      if (outcome === undefined) {
        this.#account.enterUnreadable();
      } else {
        this.#account.enter(outcome);
        this.#letters.enter(position, outcome);
      }
      this.#position = position;
      for (const check of this.#waiting) check();
    }
  }

  /** The account as of now: everything that was stored when it was asked for is in it, or counted as unread. @throws CaxtonError `unknown-agent` */
  async ledger(): Promise<Ledger> {
    const { streams } = this.#bus;
    const stored = (await streams.info(outcomeStream(this.#agent)))?.lastSequence ?? 0;
    await this.#reached(stored);
    const snapshot = this.#account.snapshot();
    const unreadOutcomes = Math.max(0, stored - this.#position);
    const inbox = await streams.info(inboxStream(this.#agent));
    if (inbox === undefined) throw new CaxtonError("unknown-agent", `there is no inbox for '${this.#agent}'`);
    const { firstSequence, lastSequence, createdAtMs } = inbox;
    const ledger = ledgerOf(this.#agent, snapshot, { epoch: epochOf(createdAtMs), firstSequence, lastSequence });
    return { ...ledger, unreadOutcomes, asOfMs: Date.now() };
  }

  /** The dead letters that are kept, also those stored just now. */
  async deadLetters(
    wanted: DeadLettersRequest,
  ): Promise<{ readonly letters: readonly DeadLetterEntry[]; readonly total: number }> {
    const outcomes = await this.#bus.streams.info(outcomeStream(this.#agent));
    await this.#reached(outcomes?.lastSequence ?? 0);
    this.#letters.trim(outcomes?.firstSequence ?? 0);
    return this.#letters.find(wanted);
  }

  async #reached(position: number): Promise<void> {
    if (this.#position >= position) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = () => {
      if (this.#position >= position) resolve();
    };
    const timer = setTimeout(resolve, catchUpMaxMs);
    this.#waiting.add(check);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(check);
  }
}
