import type { Rule } from "./expected.ts";

/** A message as it lies in a stream. */
export interface Stored {
  readonly subject: string;
  readonly sequence: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly storedAtMs: number;
}

export interface Stream {
  readonly createdAtMs: number;
  readonly messages: readonly Stored[];
}

/** The bus's word that it has a message: its place in the inbox and the producer's message id. */
export interface Acknowledged {
  readonly sequence: number;
  readonly messageId: string;
}

export interface Books {
  readonly agent: string;
  readonly acknowledged: readonly Acknowledged[];
  /** Which rule each version id follows. */
  readonly rules: Readonly<Record<string, Rule>>;
  readonly inbox: Stream;
  /** Of the lives of the inbox that were ended by deleting it: their outcomes are no strays, and their outputs are due. */
  readonly earlierEpochs: readonly string[];
  readonly outcomes: Stream;
  readonly outbox: Stream;
  /** The inboxes of the agents that this one speaks to, by agent. */
  readonly targets: Readonly<Record<string, Stream>>;
}

export interface VersionAccount {
  handled: number;
  outputs: number;
  firstHandledAtMs: number;
  lastHandledAtMs: number;
}

export interface AuditReport {
  /** Messages in the inbox; at least as many as were acknowledged, since one stored without its ack arriving counts too. */
  accepted: number;
  acknowledged: number;
  handled: number;
  /** Messages of earlier lives of the inbox that were decided; what they should have said is not known any more. */
  decidedEarlier: number;
  deadLettered: number;
  /** In the inbox, without an outcome. */
  pending: number;
  /** Acknowledged and not in the inbox, or without an outcome. */
  lost: number;
  duplicateOutcomes: number;
  /** Outcomes of messages that the inbox does not have, or that contradict their own subject. */
  strayOutcomes: number;
  duplicateOutputs: number;
  missingOutputs: number;
  wrongOutputs: number;
  /** Dead letters of messages that every version should have handled. */
  wrongDeadLetters: number;
  /** Dead letters that say not why, or keep another body than the message had. */
  unexplainedDeadLetters: number;
  perVersion: Record<string, VersionAccount>;
  /** The first faults in words. */
  findings: string[];
}
