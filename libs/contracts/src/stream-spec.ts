/** What we ask of a JetStream stream; always file storage, limits retention, no max age unless given. */
export interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
  /** `new` refuses the producer when full, `old` drops the oldest. */
  readonly discard: "new" | "old";
  /** -1: unbounded. Where `discard` is `new`, a server older than 2.10.6 is given a number of messages instead. */
  readonly maxBytes: number;
  /** No limit unless given. */
  readonly maxMessages?: number;
  readonly maxMessageBytes: number;
  readonly maxAgeMs?: number;
  readonly maxMessagesPerSubject?: number;
  readonly duplicateWindowMs: number;
}
