import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { addTallies, emptyTally, type RedriveRecord, redriveRecord } from "@caxton/contracts/redrive";
import { redriveBucket, redriveKey } from "@caxton/contracts/subjects";
import type { Redrive, RedriveTally } from "@caxton/deployment/redrive";
import type { Redrivable } from "@caxton/service/letters/redrivable";
import type { Inbox } from "@caxton/service/letters/stored-outcome";

export interface BookOptions {
  readonly agent: string;
  readonly deployment: string;
  readonly redrive: Redrive;
  readonly outcomeEpochMs: number;
}

/** A batch of messages that was begun, and how far the inbox was just before. */
export type Batch = NonNullable<RedriveRecord["batch"]>;

/**
 * How far the redrives of one deployment have come, written compare-and-set: who stood still and goes on beside a successor
 * is refused with `wrong-sequence` and sends no further batch.
 */
export class RedriveBook {
  readonly #bucket: KvBucket;
  readonly #key: string;
  readonly #redrive: Redrive;
  #record: RedriveRecord;
  /** 0: nothing was written yet. */
  #revision: number;
  #cutOff: Batch | undefined;

  private constructor(
    bucket: KvBucket,
    key: string,
    redrive: Redrive,
    { record, revision }: { readonly record: RedriveRecord; readonly revision: number },
  ) {
    this.#bucket = bucket;
    this.#key = key;
    this.#redrive = redrive;
    this.#record = record;
    this.#revision = revision;
    this.#cutOff = record.batch;
  }

  static async open(bus: Bus, { agent, deployment, redrive, outcomeEpochMs }: BookOptions): Promise<RedriveBook> {
    const bucket = await bus.kv(redriveBucket);
    const key = redriveKey(agent, deployment);
    const entry = await bucket.get(key);
    const { number } = redrive;
    const begun = { number, outcomeEpochMs, handledTo: 0, failedTo: 0, tally: { ...emptyTally }, atMs: Date.now() };
    const known = entry && redriveRecord.check(decodeJson(entry.value));
    // Positions of another life of the stream say nothing, and neither is there anything of it left.
    const usable = known?.outcomeEpochMs === outcomeEpochMs ? known : begun;
    const record = usable.number === number ? usable : { ...usable, number, tally: { ...emptyTally } };
    return new RedriveBook(bucket, key, redrive, { record, revision: entry?.revision ?? 0 });
  }

  get tally(): RedriveTally {
    return this.#record.tally;
  }

  /** All that this redrive is about is done up to this position. */
  get doneTo(): number {
    const { handledTo, failedTo } = this.#record;
    return this.#redrive.failedOnly ? failedTo : Math.min(handledTo, failedTo);
  }

  /** The batch that somebody began and was cut off from. A redrive of dead letters alone leaves it to the next of all. */
  get cutOff(): Batch | undefined {
    return this.#redrive.failedOnly ? undefined : this.#cutOff;
  }

  isDue({ position, outcome }: Redrivable): boolean {
    if (outcome.result === "dead-lettered") return position > this.#record.failedTo;
    return !this.#redrive.failedOnly && position > this.#record.handledTo;
  }

  /** Before anything of a batch is sent. Dead letters need it not: each has a record of its own. */
  async begin(to: number, { epoch, lastSequence }: Inbox): Promise<void> {
    if (this.#redrive.failedOnly) return;
    await this.#write({ ...this.#record, batch: { to, toEpoch: epoch, beyond: lastSequence } });
  }

  /** All that is due up to `to` was sent. */
  async finish(to: number, sent: RedriveTally): Promise<void> {
    const { failedOnly } = this.#redrive;
    const { waiting: _waiting, batch, ...rest } = this.#record;
    await this.#write({
      ...rest,
      ...(failedOnly && batch !== undefined ? { batch } : {}),
      handledTo: failedOnly ? rest.handledTo : Math.max(rest.handledTo, to),
      failedTo: Math.max(rest.failedTo, to),
      tally: addTallies(rest.tally, sent),
    });
    if (!failedOnly) this.#cutOff = undefined;
  }

  /** For whoever looks. */
  async wait(waiting: string): Promise<void> {
    if (this.#record.waiting !== waiting) await this.#write({ ...this.#record, waiting });
  }

  async #write(record: RedriveRecord): Promise<void> {
    const written = { ...record, atMs: Date.now() };
    const data = encodeJson(written satisfies RedriveRecord);
    this.#revision =
      this.#revision === 0
        ? await this.#bucket.create(this.#key, data)
        : await this.#bucket.update(this.#key, data, this.#revision);
    this.#record = written;
  }
}
