import { decodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { SlotStatus, slotTtlMs } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { slotBucket, versionKey } from "@caxton/contracts/subjects";

const slotStatus = checker("slot status", SlotStatus);

/** What a version's instances took since they were looked at before. */
export interface Usage {
  readonly slots: readonly SlotStatus[];
  /** Of one instance, on average; absent where none says it. */
  readonly memoryBytes?: number;
  /** Of those that were there before as well; absent where there was none. */
  readonly cpuMs?: number;
}

/** Looks at the slots of one version again and again. */
export class UsageMeter {
  readonly #bus: Pick<Bus, "kv">;
  readonly #filter: string;
  #cpuMs = new Map<string, number>();

  constructor(bus: Pick<Bus, "kv">, agent: string, version: string) {
    this.#bus = bus;
    this.#filter = `${versionKey(agent, version)}.*`;
  }

  /** @throws CaxtonError `bus-unavailable`, `timeout` */
  async look(): Promise<Usage> {
    const bucket = await this.#bus.kv(slotBucket, { ttlMs: slotTtlMs });
    const slots = (await bucket.entries(this.#filter)).map(({ value }) => slotStatus.check(decodeJson(value)));
    const before = this.#cpuMs;
    this.#cpuMs = new Map(slots.flatMap(({ instance, cpuMs }) => (cpuMs === undefined ? [] : [[instance, cpuMs]])));
    const memory = slots.flatMap(({ memoryBytes }) => (memoryBytes === undefined ? [] : [memoryBytes]));
    const spent = [...this.#cpuMs].flatMap(([instance, cpuMs]) => {
      const since = before.get(instance);
      return since === undefined ? [] : [cpuMs - since];
    });
    return {
      slots,
      ...(memory.length === 0 ? {} : { memoryBytes: sum(memory) / memory.length }),
      ...(spent.length === 0 ? {} : { cpuMs: sum(spent) }),
    };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
