import { setTimeout as delay } from "node:timers/promises";
import { ensureAgentStreams } from "@caxton/bus/agent-streams";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, StreamInfo } from "@caxton/bus/types";
import { type Ledger, ledgerAnswer } from "@caxton/contracts/ledger";
import type { Outcome } from "@caxton/contracts/outcome";
import type { RelayCheckpoint } from "@caxton/contracts/placement";
import {
  inboxStream,
  inboxSubject,
  ledgerSubject,
  outcomeStream,
  outcomeSubject,
  relayBucket,
  routeBucket,
} from "@caxton/contracts/subjects";

/** Every so manieth message is a dead letter. */
const letterEvery = 100;
const untilTimeoutMs = 40_000;

/** An agent with nothing but streams, for ledgers to trim: its messages and what became of them are written by the test. */
export class TrimmedAgent {
  readonly name: string;
  readonly #bus: Bus;
  readonly #epoch: string;

  private constructor(bus: Bus, name: string, epoch: string) {
    this.#bus = bus;
    this.name = name;
    this.#epoch = epoch;
  }

  static async make(bus: Bus, name: string): Promise<TrimmedAgent> {
    return new TrimmedAgent(bus, name, await ensureAgentStreams(bus, name));
  }

  /** Accepts `count` messages, decides all but `undecided`, relays up to `relayedTo`, and lets ledgers know of the agent. */
  async fill(count: number, undecided: number, relayedTo: number): Promise<void> {
    const sequences = Array.from({ length: count }, (_, index) => index + 1);
    await inParallel(sequences, () => this.#bus.store(inboxSubject(this.name), new Uint8Array(20)));
    const done = sequences.filter((sequence) => sequence !== undecided);
    await inParallel(done, (sequence) => this.decide(sequence));
    await this.relayTo(relayedTo);
    const route = { agent: this.name, revision: 1, targets: [], closed: [] };
    await (await this.#bus.kv(routeBucket)).put(this.name, encodeJson(route));
  }

  /** @returns its place in the outcomes */
  async decide(sequence: number): Promise<number> {
    const outcome = encodeJson(this.#outcomeOf(sequence));
    return (await this.#bus.store(outcomeSubject(this.name, this.#epoch, sequence), outcome)).sequence;
  }

  async relayTo(outcomeSequence: number): Promise<void> {
    const outcomeEpochMs = Math.trunc((await this.outcomes()).createdAtMs);
    const checkpoint: RelayCheckpoint = { outcomeEpochMs, outcomeSequence };
    await (await this.#bus.kv(relayBucket)).put(`${this.name}.outbox`, encodeJson(checkpoint));
  }

  inbox(): Promise<StreamInfo> {
    return this.#infoOf(inboxStream(this.name));
  }

  outcomes(): Promise<StreamInfo> {
    return this.#infoOf(outcomeStream(this.name));
  }

  async ledger(): Promise<Ledger> {
    const { data } = await this.#bus.request(ledgerSubject(this.name), new Uint8Array(), { timeoutMs: 5_000 });
    const answer = ledgerAnswer.check(decodeJson(data));
    if (!answer.ok) throw new Error(answer.error.message);
    return answer.ledger;
  }

  /** What a right account says of `count` messages of which `pending` are not decided. */
  rightAccount(count: number, pending: 0 | 1) {
    const deadLettered = count / letterEvery - pending;
    return { accepted: count, pending, handled: count - pending - deadLettered, deadLettered, faults: [] };
  }

  async #infoOf(stream: string): Promise<StreamInfo> {
    const info = await this.#bus.streams.info(stream);
    if (info === undefined) throw new Error(`no stream ${stream}`);
    return info;
  }

  #outcomeOf(sequence: number): Outcome {
    const isLetter = sequence % letterEvery === 0;
    return {
      schemaVersion: 1,
      agent: this.name,
      epoch: this.#epoch,
      sequence,
      messageId: `${this.#epoch}/${sequence}`,
      result: isLetter ? "dead-lettered" : "handled",
      version: "trimmed-v1-00000",
      attempts: [],
      // A lane of the relay holds back only what says something to it.
      outputs: isLetter ? [] : [{ kind: "note", body: "{}" }],
      hops: 0,
      receivedAtMs: 1,
      decidedAtMs: 2,
      ...(isLetter ? { deadLetter: { code: "agent-failure", reason: "no", headers: {}, bodyBase64: "" } } : {}),
    };
  }
}

/** Resolves as soon as it holds. @throws Error with `logs` where that takes more than 40 s */
export async function until(what: string, logs: () => string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + untilTimeoutMs;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not come about\n${logs()}`);
    await delay(20);
  }
}

async function inParallel(sequences: readonly number[], work: (sequence: number) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < sequences.length; at += 500) await Promise.all(sequences.slice(at, at + 500).map(work));
}
