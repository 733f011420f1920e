import { Slots } from "@caxton/bus/slots";
import type { Delivery } from "@caxton/bus/types";
import type { Attempt } from "@caxton/contracts/outcome";
import type { Inbound } from "@caxton/contracts/inbound";
import type { Asking } from "../core/judgement.ts";

/** A message this router took out of the inbox and has not decided yet. */
export interface Held {
  readonly inbound: Inbound;
  readonly delivery: Delivery;
  readonly body: string;
  readonly heldSinceMs: number;
  readonly attempts: Attempt[];
  /** Among those that are kept alive. */
  slot: number;
  asking: Asking;
  /** Requests that got no answer at all. */
  silences: number;
  /** The version's lane that it counts for. */
  lane: { held: number } | undefined;
  /** A canary failed on it: it goes to none any more. */
  fellBack: boolean;
  /** The version that the split named, where another took it. */
  overflowedFrom: string | undefined;
}

/** Lets a message count for `lane`, and no longer for the one before. */
export function assign(held: Held, lane: { held: number } | undefined): void {
  if (held.lane !== undefined) held.lane.held -= 1;
  if (lane !== undefined) lane.held += 1;
  held.lane = lane;
}

/** Keeps what is held from being delivered to somebody else while it is being worked on. */
export class KeepAlive {
  readonly #held = new Slots<Held>();
  readonly #timer: NodeJS.Timeout;

  constructor(ackWaitMs: number) {
    const everyMs = ackWaitMs / 3;
    this.#timer = setInterval(() => {
      const beforeMs = performance.now() - everyMs / 2;
      for (const held of this.#held) if (held.heldSinceMs < beforeMs) held.delivery.working();
    }, everyMs);
  }

  get size(): number {
    return this.#held.size;
  }

  add(held: Held): void {
    held.slot = this.#held.add(held);
  }

  /** False where it was released before. */
  release(held: Held): boolean {
    assign(held, undefined);
    return this.#held.remove(held.slot, held);
  }

  has(held: Held): boolean {
    return this.#held.at(held.slot) === held;
  }

  /** Gives everything back and stops. @returns how many were given back */
  close(): number {
    clearInterval(this.#timer);
    const count = this.#held.size;
    for (const held of this.#held) {
      held.delivery.nak();
      this.#held.remove(held.slot, held);
    }
    return count;
  }
}
