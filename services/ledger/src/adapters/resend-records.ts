import { decodeJson } from "@caxton/bus/json";
import type { Bus, KvBucket } from "@caxton/bus/types";
import { resendRecord } from "@caxton/contracts/dead-letters";
import { outcomeStream, outcomeSubject, resendBucket, resendKey } from "@caxton/contracts/subjects";
import type { AgentBooks } from "./agent-books.ts";

interface Letter {
  readonly epoch: string;
  readonly sequence: number;
}

/** Of what was sent again; a record goes with the dead letter that it is about. */
export class ResendRecords {
  readonly #bucket: KvBucket;
  readonly #agent: string;

  private constructor(bucket: KvBucket, agent: string) {
    this.#bucket = bucket;
    this.#agent = agent;
  }

  static async open(bus: Bus, agent: string): Promise<ResendRecords> {
    return new ResendRecords(await bus.kv(resendBucket), agent);
  }

  async wasSentAgain({ epoch, sequence }: Letter): Promise<boolean> {
    const entry = await this.#bucket.get(resendKey(this.#agent, epoch, sequence));
    return entry !== undefined && resendRecord.check(decodeJson(entry.value)).sequence !== undefined;
  }

  async forget(letters: readonly Letter[]): Promise<void> {
    for (const { epoch, sequence } of letters) {
      const key = resendKey(this.#agent, epoch, sequence);
      if ((await this.#bucket.get(key)) !== undefined) await this.#bucket.forget(key);
    }
  }

  /** What a ledger that was killed in between left behind. */
  async sweep(bus: Bus, books: AgentBooks): Promise<void> {
    for (const key of await this.#bucket.keys(`${this.#agent}.*.*`)) {
      const [, epoch = "", digits = ""] = key.split(".");
      const letter = { epoch, sequence: Number(digits) };
      const subject = outcomeSubject(this.#agent, epoch, letter.sequence);
      if (!books.hasEntered(letter) || (await bus.streams.last(outcomeStream(this.#agent), subject)) !== undefined)
        continue;
      await this.#bucket.forget(key);
    }
  }
}
