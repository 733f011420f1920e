import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { DeadLetterEntry, DeadLettersRequest } from "@caxton/contracts/dead-letters";
import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import type { Ledger } from "@caxton/contracts/ledger";
import { type LedgerCheckpoint, ledgerCheckpoint } from "@caxton/contracts/ledger-checkpoint";
import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream, ledgerBucket, outcomeStream } from "@caxton/contracts/subjects";
import { followOutcomes } from "@caxton/service/outcomes";
import { Account, ledgerOf } from "../core/account.ts";
import { DeadLetterIndex } from "../core/dead-letter-index.ts";

/** How long an answer waits for outcomes that are stored and not read yet, in ms. */
const catchUpMaxMs = 2_000;
/** Nobody who asks for an account minds. */
const gatherMs = 50;

interface Loaded {
  readonly checkpoint: LedgerCheckpoint;
  readonly revision: number;
}

/**
 * Keeps one agent's account: what was written down before trimming, and every outcome that is still kept. Reading alone
 * writes nothing, so several ledgers do no harm.
 */
export class AgentBooks {
  #account = new Account();
  #letters = new DeadLetterIndex();
  readonly #bus: Bus;
  readonly #agent: string;
  readonly #waiting = new Set<() => void>();
  #position = 0;
  #loaded: Loaded | undefined;
  #again = new AbortController();
  #isCurrent = false;

  constructor(bus: Bus, agent: string) {
    this.#bus = bus;
    this.#agent = agent;
  }

  /** Whether every outcome was read that was stored when reading began. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Every outcome up to here is in the account. */
  get position(): number {
    return this.#position;
  }

  /** What the account takes when it is written down. */
  get accountBytes(): number {
    return encodeJson(this.#account.save()).length;
  }

  undecidedFrom(epoch: string): number {
    return this.#account.undecidedFrom(epoch);
  }

  hasEntered({ epoch, sequence }: { readonly epoch: string; readonly sequence: number }): boolean {
    return this.#account.hasEntered(epoch, sequence);
  }

  /** Reads until `signal` aborts; from the beginning again where another ledger trimmed what was not read here. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#again = new AbortController();
      this.#isCurrent = false;
      await this.#load();
      await this.#readOn(AbortSignal.any([signal, this.#again.signal]));
    }
  }

  /** The stream is asked first: what is missing at its beginning was written down before it was taken away. */
  async #load(): Promise<void> {
    const outcomes = await this.#bus.streams.info(outcomeStream(this.#agent));
    const entry = await (await this.#bus.kv(ledgerBucket)).get(this.#agent);
    const checkpoint = entry && ledgerCheckpoint.check(decodeJson(entry.value));
    this.#loaded = entry && checkpoint && { checkpoint, revision: entry.revision };
    this.#account = Account.restore(checkpoint?.account ?? []);
    this.#letters = new DeadLetterIndex();
    this.#position = Math.max(0, (outcomes?.firstSequence ?? 1) - 1);
  }

  async #readOn(signal: AbortSignal): Promise<void> {
    const onCaughtUp = (): void => void (this.#isCurrent = !signal.aborted);
    const wanted = { gatherMs, signal, onCaughtUp };
    for await (const { position, outcome } of followOutcomes(this.#bus, this.#agent, wanted)) {
      if (signal.aborted) return;
      // A stream that was made again counts from 1.
      if (position <= this.#position) this.#letters = new DeadLetterIndex();
      if (position > this.#position + 1 && (await this.#isNewer(position - 1))) return;
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

  /** Whether another ledger wrote down what is missing here up to `position`. */
  async #isNewer(position: number): Promise<boolean> {
    const entry = await (await this.#bus.kv(ledgerBucket)).get(this.#agent);
    if (entry === undefined || entry.revision === this.#loaded?.revision) return false;
    return ledgerCheckpoint.check(decodeJson(entry.value)).position >= position;
  }

  /**
   * Writes the account down, on top of the one it was begun from, so that a ledger that stood still cannot put an older one
   * in the place of a newer. @returns the position up to which outcomes may now be trimmed
   * @throws CaxtonError `wrong-sequence` where another ledger wrote: the books begin anew
   */
  async writeDown(outcomeEpochMs: number): Promise<number> {
    const bucket = await this.#bus.kv(ledgerBucket);
    const checkpoint: LedgerCheckpoint = { outcomeEpochMs, position: this.#position, account: this.#account.save() };
    const data = encodeJson(checkpoint satisfies LedgerCheckpoint);
    try {
      const revision =
        this.#loaded === undefined
          ? await bucket.create(this.#agent, data)
          : await bucket.update(this.#agent, data, this.#loaded.revision);
      this.#loaded = { checkpoint, revision };
      return checkpoint.position;
    } catch (error) {
      // Also where it was stored without our hearing of it: what is there is read, and it goes on from there.
      if (!hasCode(error, "message-too-large")) this.#again.abort();
      throw error;
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
