import type { Ledger, LedgerFault, VersionCount } from "@caxton/contracts/ledger";
import type { Outcome } from "@caxton/contracts/outcome";
import type { SavedAccount } from "@caxton/contracts/ledger-checkpoint";
import { SequenceSet } from "./sequence-set.ts";
import { addTo, type Decided, partsOf, zeroCount } from "./version-part.ts";

/** What the bus says of an inbox. */
export interface InboxState {
  readonly epoch: string;
  readonly firstSequence: number;
  /** 0 where nothing was ever accepted. */
  readonly lastSequence: number;
}

type Entry = Pick<Outcome, "epoch" | "sequence" | "result" | "version" | "decidedAtMs" | "deadLetter"> & Decided;

interface EpochBooks {
  readonly decided: SequenceSet;
  handled: number;
  deadLettered: number;
  readonly versions: Map<string, VersionCount>;
  readonly deadLetters: Map<string, number>;
}

/** What is known at one instant, so that it can be held against an inbox that is asked afterwards. */
export interface Snapshot {
  readonly epochs: ReadonlyMap<string, EpochSnapshot>;
  readonly unreadable: number;
}

interface EpochSnapshot extends Pick<Ledger, "handled" | "deadLettered" | "versions" | "deadLetters"> {
  /** The lowest sequence without an outcome. */
  readonly floor: number;
  readonly highest: number;
}

/** The books of one agent: every outcome is entered once, whatever it is told how often. */
export class Account {
  readonly #epochs = new Map<string, EpochBooks>();
  #unreadable = 0;

  enter(entry: Entry): void {
    const books = this.#epochs.get(entry.epoch) ?? emptyBooks();
    this.#epochs.set(entry.epoch, books);
    if (!books.decided.add(entry.sequence)) return;
    const isHandled = entry.result === "handled";
    if (isHandled) books.handled += 1;
    else books.deadLettered += 1;
    if (!isHandled) increase(books.deadLetters, entry.deadLetter?.code ?? "internal");
    for (const part of partsOf(entry)) {
      books.versions.set(part.version, addTo(books.versions.get(part.version) ?? zeroCount(part), part));
    }
  }

  /** The lowest sequence of an epoch without an outcome. */
  undecidedFrom(epoch: string): number {
    return this.#epochs.get(epoch)?.decided.floor ?? 1;
  }

  hasEntered(epoch: string, sequence: number): boolean {
    return this.#epochs.get(epoch)?.decided.has(sequence) === true;
  }

  /** All but what could not be read, which stays where it is. */
  save(): SavedAccount {
    return [...this.#epochs].map(([epoch, { decided, handled, deadLettered, versions, deadLetters }]) => ({
      epoch,
      decided: decided.save(),
      handled,
      deadLettered,
      versions: [...versions.values()],
      deadLetters: Object.fromEntries(deadLetters),
    }));
  }

  static restore(saved: SavedAccount): Account {
    const account = new Account();
    for (const { epoch, decided, handled, deadLettered, versions, deadLetters } of saved) {
      account.#epochs.set(epoch, {
        decided: SequenceSet.restore(decided),
        handled,
        deadLettered,
        versions: new Map(versions.map((count) => [count.version, count])),
        deadLetters: new Map(Object.entries(deadLetters)),
      });
    }
    return account;
  }

  /** Something lies among the outcomes that is none. */
  enterUnreadable(): void {
    this.#unreadable += 1;
  }

  snapshot(): Snapshot {
    const epochs = [...this.#epochs].map(([epoch, books]) => [epoch, snapshotOf(books)] as const);
    return { epochs: new Map(epochs), unreadable: this.#unreadable };
  }
}

/**
 * The ledger of an inbox whose state was asked after the snapshot was taken, so that nothing can have been decided
 * that is not in the inbox.
 */
export function ledgerOf(
  agent: string,
  { epochs, unreadable }: Snapshot,
  inbox: InboxState,
): Omit<Ledger, "unreadOutcomes" | "asOfMs"> {
  const current = epochs.get(inbox.epoch) ?? snapshotOf(emptyBooks());
  const { handled, deadLettered, floor } = current;
  const earlier = [...epochs].filter(([epoch]) => epoch !== inbox.epoch);
  return {
    agent,
    epoch: inbox.epoch,
    accepted: inbox.lastSequence,
    handled,
    deadLettered,
    pending: Math.max(0, inbox.lastSequence - handled - deadLettered),
    ...(floor > inbox.lastSequence ? {} : { oldestPending: floor }),
    versions: current.versions,
    deadLetters: current.deadLetters,
    earlierEpochs: earlier.map(([epoch, books]) => ({
      epoch,
      handled: books.handled,
      deadLettered: books.deadLettered,
    })),
    faults: faultsOf(current, unreadable, inbox),
  };
}

function faultsOf({ highest, floor }: EpochSnapshot, unreadable: number, inbox: InboxState): LedgerFault[] {
  const faults: LedgerFault[] = [];
  if (highest > inbox.lastSequence) {
    const message = `the inbox ends at ${inbox.lastSequence}, but message ${highest} was decided: it was brought back older than it was; messages that come now would be taken for decided ones`;
    faults.push({ code: "inbox-behind", message });
  }
  if (floor < inbox.firstSequence && floor <= inbox.lastSequence) {
    const message = `the inbox begins at ${inbox.firstSequence}, but message ${floor} was never decided: it was removed`;
    faults.push({ code: "message-removed", message });
  }
  if (unreadable > 0) faults.push({ code: "internal", message: `${unreadable} stored outcomes cannot be read` });
  return faults;
}

function snapshotOf({ decided, handled, deadLettered, versions, deadLetters }: EpochBooks): EpochSnapshot {
  return {
    handled,
    deadLettered,
    versions: [...versions.values()],
    deadLetters: Object.fromEntries(deadLetters),
    floor: decided.floor,
    highest: decided.highest,
  };
}

function emptyBooks(): EpochBooks {
  return { decided: new SequenceSet(), handled: 0, deadLettered: 0, versions: new Map(), deadLetters: new Map() };
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
