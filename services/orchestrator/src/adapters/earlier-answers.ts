import { decodeJson } from "@caxton/bus/json";
import type { Bus, Delivery, Subscription } from "@caxton/bus/types";
import { type CommandAnswer, commandAnswer } from "@caxton/contracts/command-answer";
import { commandMaxBytes } from "@caxton/contracts/limits";
import { answerStream, answerSubject, commandSubjects } from "@caxton/contracts/subjects";
import { bodyOf, commandIdOf, partsOf } from "../core/received-command.ts";

/** No command comes from the stream a second time so soon: less than the ack wait of its consumer. */
const goodForMs = 1_000;
/** More than may be under way in the stream's consumer. */
const aheadMax = 256;

interface Ahead {
  readonly sinceMs: number;
  /** What was found, `unknown` where looking failed. */
  readonly found: Promise<CommandAnswer | undefined | "unknown">;
  /** Another command with this id went by: it may have been answered since. */
  repeated: boolean;
}

/**
 * What was answered to the id of a command before. It is looked for while the command is on its way through the stream, which saves whoever
 * waits for it a round trip; where it came more than once, again when it is here.
 */
export class EarlierAnswers {
  readonly #bus: Bus;
  /** By where the answer goes, oldest first. */
  readonly #ahead = new Map<string, Ahead>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Watches commands go by into the stream. */
  watch(): Pick<Subscription, "ready" | "close"> {
    const bus = this.#bus;
    const forget = bus.onStatus(() => this.#ahead.clear());
    const subscription = bus.subscribe(commandSubjects, ({ subject, data }) => this.#passed(subject, data));
    return {
      ready: subscription.ready,
      close() {
        forget();
        subscription.close();
      },
    };
  }

  /** @throws CaxtonError `bus-unavailable`, `timeout` */
  async of({ subject, deliveryCount }: Delivery, commandId: string): Promise<CommandAnswer | undefined> {
    const goesTo = answerSubject(partsOf(subject).principal, commandId);
    const ahead = this.#ahead.get(goesTo);
    if (ahead !== undefined && deliveryCount === 1 && !ahead.repeated && isGood(ahead)) {
      const found = await ahead.found;
      if (found !== "unknown") return found;
    }
    return await this.stored(goesTo);
  }

  /** @throws CaxtonError `bus-unavailable`, `timeout` */
  async stored(goesTo: string): Promise<CommandAnswer | undefined> {
    const message = await this.#bus.streams.last(answerStream, goesTo);
    return message === undefined ? undefined : commandAnswer.check(decodeJson(message.data));
  }

  #passed(subject: string, data: Uint8Array): void {
    for (const [oldest, ahead] of this.#ahead) {
      if (isGood(ahead)) break;
      this.#ahead.delete(oldest);
    }
    if (data.byteLength > commandMaxBytes) return;
    const commandId = commandIdOf(bodyOf(data));
    if (commandId === undefined) return;
    const goesTo = answerSubject(partsOf(subject).principal, commandId);
    const before = this.#ahead.get(goesTo);
    if (before !== undefined) before.repeated = true;
    else if (this.#ahead.size < aheadMax) this.#look(goesTo);
  }

  #look(goesTo: string): void {
    const found = this.stored(goesTo).catch((): "unknown" => "unknown");
    this.#ahead.set(goesTo, { sinceMs: performance.now(), found, repeated: false });
  }
}

function isGood({ sinceMs }: Ahead): boolean {
  return performance.now() - sinceMs < goodForMs;
}
