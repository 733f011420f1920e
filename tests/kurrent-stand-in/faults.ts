import { setTimeout as delay } from "node:timers/promises";
import type { status } from "@grpc/grpc-js";

interface OpenCall {
  emit(event: "error", error: { readonly code: status; readonly details: string }): unknown;
  once(event: "close" | "cancelled" | "end", listener: () => void): unknown;
}

/** What can go wrong without the process being gone. Nothing does until it is told to. */
export class Faults {
  /** Every call is refused with this. */
  refuseWith: status | undefined;
  /** Appends are stored, and answered after so long. */
  answerAfterMs = 0;
  /** A subscription to $all begins with the event it should begin after. */
  beginsTooEarly = false;
  /** As servers before 23.10, which say nothing when all that was stored has been sent. */
  saysCaughtUp = true;
  readonly #open = new Set<OpenCall>();

  /** @returns whether the call was refused */
  refuses(call: OpenCall): boolean {
    if (this.refuseWith === undefined) return false;
    call.emit("error", { code: this.refuseWith, details: "refused by the stand-in" });
    return true;
  }

  opened(call: OpenCall): void {
    this.#open.add(call);
    const closed = (): void => void this.#open.delete(call);
    call.once("close", closed);
    call.once("cancelled", closed);
  }

  /** Ends every open stream of appends and every subscription, as SIGTERM does with INTERNAL. */
  breakOff(code: status): void {
    for (const call of this.#open) call.emit("error", { code, details: "broken off by the stand-in" });
    this.#open.clear();
  }

  answer(send: () => void): void {
    if (this.answerAfterMs === 0) return send();
    void delay(this.answerAfterMs).then(send);
  }
}
