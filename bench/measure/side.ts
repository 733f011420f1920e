/** One of the two ways that are compared, ready to begin: its inbox can be filled, and it does nothing until `begin`. */
export interface Side extends AsyncDisposable {
  readonly url: string;
  readonly inboxSubject: string;
  /** Where outputs are stored, one for each message that has one; the loop stores an empty record for the others. */
  readonly outputStream: string;
  begin(): Promise<void>;
  /** Resolves when `count` messages are done with, and everything they said is stored. */
  finished(count: number): Promise<void>;
}

export type Guest = "every" | "fifth";

/** The guest's own share of messages with an output. */
export const outputShare: Record<Guest, number> = { every: 1, fifth: 0.2 };
