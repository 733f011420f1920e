import type { Bus, Delivery, PullConsumer } from "@caxton/bus/types";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream, routerConsumer } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import { nextDelayMs } from "../core/backoff.ts";
import { pause, Signal } from "./signal.ts";

export interface IntakeOptions {
  readonly bus: Bus;
  readonly log: Logger;
  readonly agent: string;
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
  /** How many messages may be taken now; 0 while nobody could be asked about them. */
  room(): number;
  take(delivery: Delivery, epoch: string): void;
  /** `trouble` came or went. */
  troubleChanged?(): void;
}

const fetchMax = 256;
const fetchExpiresMs = 1_000;
const retryDelays = { minMs: 50, maxMs: 1_000 };

/** Pulls an agent's inbox as long as there is room, through the consumer that all its routers share. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #roomChanged = new Signal();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #trouble: CaxtonError | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  get closed(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Why the inbox cannot be read now. */
  get trouble(): CaxtonError | undefined {
    return this.#trouble;
  }

  roomChanged(): void {
    this.#roomChanged.notify();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#roomChanged.notify();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { log, agent } = this.#options;
    let delayMs = 0;
    while (!signal.aborted) {
      try {
        const { consumer, epoch } = await this.#open();
        if (delayMs > 0) log.info({ agent_id: agent, epoch }, "the inbox can be read again");
        delayMs = 0;
        this.#setTrouble(undefined);
        await this.#pull(consumer, epoch);
      } catch (error) {
        const trouble = toCaxtonError(error);
        const { code, message } = trouble;
        this.#setTrouble(trouble);
        if (delayMs === 0 && !signal.aborted)
          log.warn({ agent_id: agent, code }, `the inbox cannot be read: ${message}`);
        delayMs = nextDelayMs(delayMs, retryDelays);
        await pause(delayMs, signal);
      }
    }
  }

  #setTrouble(trouble: CaxtonError | undefined): void {
    const changed = this.#trouble?.code !== trouble?.code;
    this.#trouble = trouble;
    if (changed) this.#options.troubleChanged?.();
  }

  /** Read anew after every trouble: an inbox made again is another epoch. */
  async #open(): Promise<{ consumer: PullConsumer; epoch: string }> {
    const { bus, agent, ackWaitMs, maxAckPending } = this.#options;
    const stream = inboxStream(agent);
    const epochNow = async (): Promise<string> => {
      const info = await bus.streams.info(stream);
      if (info === undefined) throw new CaxtonError("unknown-agent", `the inbox of ${agent} is gone`);
      return epochOf(info.createdAtMs);
    };
    const epoch = await epochNow();
    const durable = routerConsumer(epoch);
    const consumer = await bus.streams.consumer({ stream, durable, ackWaitMs, maxAckPending });
    if ((await epochNow()) !== epoch) {
      throw new CaxtonError("bus-unavailable", `the inbox of ${agent} was made again meanwhile`);
    }
    return { consumer, epoch };
  }

  async #pull(consumer: PullConsumer, epoch: string): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const maxMessages = Math.min(fetchMax, this.#options.room());
      if (maxMessages <= 0) {
        await this.#roomChanged.wait();
        continue;
      }
      for await (const delivery of consumer.fetch({ maxMessages, expiresMs: fetchExpiresMs })) {
        this.#options.take(delivery, epoch);
      }
    }
  }
}
