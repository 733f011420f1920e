/** Which messages of a version that was taken back are handled again. */
export interface RedriveScope {
  /** Only those that ended as dead letters. */
  readonly failedOnly: boolean;
  /** At most so many, the oldest; all unless given. */
  readonly limit?: number;
}

/** What came of a redrive: messages, not attempts. */
export interface RedriveTally {
  /** Put into the inbox once more. */
  readonly redriven: number;
  /** Of these somebody had done that before. */
  readonly already: number;
  /** The inbox no longer holds them. */
  readonly gone: number;
  /** They were under way when somebody was cut off, and the inbox can no longer say whether they arrived: not sent twice. */
  readonly unknown: number;
  /** With the names of what they repeat they are larger than the inbox takes. */
  readonly unfit: number;
}

/** The newest redrive of a deployment. */
export interface Redrive extends RedriveScope {
  /** Counts from 1. */
  readonly number: number;
  readonly actor: string;
  readonly reason: string;
  readonly state: "going" | "stopped" | "finished";
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  /** Of one that finished. */
  readonly tally?: RedriveTally;
}

/** `stop` ends the one under way; what it did stays done, and the next one goes on behind it. */
export interface RedriveRequest extends RedriveScope {
  readonly type: "redrive";
  readonly deployment: string;
  readonly reason: string;
  readonly stop: boolean;
}
