import { readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";
import process from "node:process";

/** A tenth of a processor that others want as well, and all of one that nobody wants (sched(7)). */
const niceness = 10;
const unknownThread = 0;
/** To setpriority(2), which would be the wrong one where another thread is meant. */
const callingThread = 0;

/** What Linux calls the thread that asks; 0 where that is not known, and elsewhere, where priority is a matter of whole processes. */
export function ownThreadId(): number {
  if (process.platform !== "linux") return unknownThread;
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    // A sandbox may not look.
    return unknownThread;
  }
}

/** The thread that asks leaves the processor to others from now on, also where it may not know what it is called. */
export function yieldOwnProcessor(): void {
  if (process.platform === "linux") trySet(callingThread, niceness);
}

/** From now on the thread leaves the processor to others who want it. @returns whether it does */
export function yieldProcessor(threadId: number): boolean {
  return threadId !== unknownThread && trySet(threadId, niceness);
}

/** @returns whether it competes as others do again, which needs more than an ordinary user may (CAP_SYS_NICE) */
export function competeAgain(threadId: number): boolean {
  return threadId !== unknownThread && trySet(threadId, constants.priority.PRIORITY_NORMAL);
}

function trySet(threadId: number, priority: number): boolean {
  try {
    setPriority(threadId, priority);
    return true;
  } catch {
    // It ended in the meantime, or may not be changed.
    return false;
  }
}
