/** What we ask of a JetStream stream; always file storage, limits retention, no max age unless given. */
export interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
  /** `new` refuses the producer when full, `old` drops the oldest. */
  readonly discard: "new" | "old";
  /** -1: unbounded. */
  readonly maxBytes: number;
  readonly maxMessageBytes: number;
  readonly maxAgeMs?: number;
  readonly maxMessagesPerSubject?: number;
  readonly duplicateWindowMs: number;
}
